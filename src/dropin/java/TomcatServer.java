import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.File;
import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.startup.Tomcat;
import org.apache.catalina.util.ServerInfo;

/** Tomcat, embedded, with its connector on java.nio. */
final class TomcatServer implements Program {
    /** Warns of slow random numbers, which says that the machine is busy. */
    private static final Logger SESSIONS =
            Logger.getLogger("org.apache.catalina.util.SessionIdGeneratorBase");

    private final Tomcat tomcat = new Tomcat();

    public static void main(String[] args) throws Exception {
        Program.run(new TomcatServer());
    }

    @Override
    public String version() {
        return ServerInfo.getServerNumber();
    }

    @Override
    public int start() throws Exception {
        SESSIONS.setLevel(Level.SEVERE);
        tomcat.setBaseDir("tomcat");
        var connector = new Connector("org.apache.coyote.http11.Http11NioProtocol");
        connector.setPort(0);
        connector.setProperty("address", "127.0.0.1");
        connector.setProperty("keepAliveTimeout", ServerTest.IDLE_SECONDS + "000");
        connector.setProperty("maxKeepAliveRequests", "-1");
        tomcat.setConnector(connector);
        var context = (StandardContext) tomcat.addContext("", new File(".").getAbsolutePath());
        // These three ask for --add-opens when it stops, whatever it runs on.
        context.setClearReferencesObjectStreamClassCaches(false);
        context.setClearReferencesRmiTargets(false);
        context.setClearReferencesThreadLocals(false);
        Tomcat.addServlet(context, "answers", new Answers()).addMapping("/*");
        tomcat.start();
        return connector.getLocalPort();
    }

    @Override
    public void stop() throws Exception {
        tomcat.stop();
        tomcat.destroy();
    }

    private static final class Answers extends HttpServlet {
        private static final long serialVersionUID = 1;

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response)
                throws IOException {
            byte[] served = Bodies.under(request.getRequestURI());
            byte[] body = served == null ? request.getInputStream().readAllBytes() : served;
            response.setContentLength(body.length);
            response.getOutputStream().write(body);
        }
    }
}
