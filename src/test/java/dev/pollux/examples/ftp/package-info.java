/** The FTP server and client, each against clients and servers that are not ours. */
package dev.pollux.examples.ftp;
