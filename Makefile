# The verbs of Pollux. Maven does the Java half, this file the C half and the short forms.
# Settings go on the command line: make test BACKEND=poll BINDING=jnr

BINDING   ?=
BACKEND   ?=
STRICT    ?=
REMOTE    ?=
NAME      ?=
ARGS      ?=
JAVA_OPTS ?=
MAVEN_ARGS ?=
# Not the default: a compiler that is newer than the sources has warnings that they do not know.
WERROR    ?=
# The C half is compiled by a make below Maven.
export WERROR
# Maven 3.9 would read it from the environment and so get it twice.
unexport MAVEN_ARGS
PROVIDER  ?= pollux
# The part of the suite that runs with sanitized native code.
SANITIZE_TESTS ?= *Contract

ifneq ($(filter-out epoll kqueue poll select uring,$(BACKEND)),)
$(error BACKEND=$(BACKEND) is none of epoll, kqueue, poll, select, uring)
endif
ifneq ($(filter-out jni ffm jnr,$(BINDING)),)
$(error BINDING=$(BINDING) is none of jni, ffm, jnr)
endif
ifneq ($(filter-out pollux jdk,$(PROVIDER)),)
$(error PROVIDER=$(PROVIDER) is none of pollux, jdk)
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# The parts of `check` share target/.
.NOTPARALLEL:

help: ## this list
	@echo 'usage: make TARGET [SETTING=VALUE ...]'
	@echo
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) \
	    | awk -F'|' '{ printf "  %-13s %s\n", $$1, $$2 }'
	@echo
	@echo 'settings:'
	@echo '  BINDING=jni|ffm|jnr        how the kernel is reached (test, demo, example, dropin)'
	@echo '  BACKEND=epoll|kqueue|...   what the kernel is asked with: also poll, select (the same targets)'
	@echo '  STRICT=true                name what is used wrongly; a test that does so fails (the same targets)'
	@echo '  REMOTE=HOST:PORT OS=freebsd  run the contract on the kernel of another machine (test), see docs/remote-suite.md'
	@echo '  PROVIDER=pollux|jdk        what the programs of `dropin` run on; jdk is the control'
	@echo '  JAVA_HOME=DIR              the JDK to build and run with'
	@echo '  PREBUILT=DIR COMPLETE=1    libraries built elsewhere; insist on all platforms (dist)'
	@echo '  JAVA_OPTS=...              options for the JVM that runs tests and programs'
	@echo '  WERROR=1                   warnings of javac, javadoc and the C compiler fail, as in CI'
	@echo '  MAVEN_ARGS=...             options for Maven, e.g. -Dtest=WaitingContract or -o'
	@echo '  NAME=X ARGS=...            which example; arguments of it, of demo, of bench'
	@echo '  LIBKQUEUE=DIR              where libkqueue is installed (kqueue)'
	@echo '  MACOS_SDK=DIR              headers and libSystem.tbd of macOS (natives)'

# ---- Java: Maven, quiet but for what the tests have to say

JAVA  := $(if $(JAVA_HOME),$(JAVA_HOME)/bin/)java
JAVAC := $(if $(JAVA_HOME),$(JAVA_HOME)/bin/)javac
MAVEN := $(or $(shell command -v mvn 2>/dev/null),./mvnw)
# -q leaves errors alone; but totals are mere information, and what compilers warn of is to be seen.
LOG := -Dorg.slf4j.simpleLogger.log.org.apache.maven
MVN := $(MAVEN) -q -B -ntp -Dstyle.color=never $(if $(WERROR),-Dwarnings.fail=true) \
    $(LOG).plugin.surefire=info $(LOG).plugin.compiler=warn $(LOG).plugins.javadoc=warn

POLLUX_OPTS = $(if $(BINDING),-Dpollux.binding=$(BINDING)) $(if $(BACKEND),-Dpollux.backend=$(BACKEND)) \
    $(if $(STRICT),-Dpollux.strict=$(STRICT))
# Older JDKs know the option and ignore it; from 24 on its absence is a warning.
RUN = $(JAVA) --enable-native-access=ALL-UNNAMED $(POLLUX_OPTS) $(JAVA_OPTS) \
    -cp "target/test-classes:target/classes:$$(cat target/classpath.txt)"

build: ## compile everything, tests and examples included; run nothing
	@$(MVN) $(MAVEN_ARGS) test-compile

jar: ## make target/pollux.jar, with the native library of this machine
	@$(MVN) -Dmaven.test.skip $(MAVEN_ARGS) package

# A class that is named runs whole.
test: ## run the tests, with one short run of each example, and print the totals: 2 minutes
	@$(call RUN_TESTS,$(if $(REMOTE),$(REMOTE_OPTS),$(if $(findstring -Dtest=,$(MAVEN_ARGS)),,-DexcludedGroups=long)))

test-examples: ## run the long tests, which start the examples on every backend: 5 minutes
	@$(call RUN_TESTS,-Dgroups=long)

test-virtual: ## run the contract once more with all that polls in virtual threads (JDK 21 and later)
	@$(call RUN_TESTS,-Dpollux.test.threads=virtual -Dtest='$(VIRTUAL_TESTS)')

VIRTUAL_TESTS := dev/pollux/contract/*Contract,FaultsContract

# By an agent there: the contract, of which the classes themselves say what is left out and why. One JVM, one connection.
REMOTE_OPTS  = -Dpollux.remote='$(REMOTE)' -Dpollux.remote.os='$(OS)' -DforkCount=1 \
    $(if $(findstring -Dtest=,$(MAVEN_ARGS)),,-Dtest='$(REMOTE_TESTS)')
REMOTE_TESTS := RemoteMachineTest,Recorded*Test,dev/pollux/contract/**/*Contract,AllocationTest,SyscallCountTest,FaultsContract,ThrowablesContract

define RUN_TESTS
rm -f target/surefire-reports/*.dumpstream target/surefire-reports/TEST-*.xml; \
$(MVN) -DfailIfNoTests=true $(1) $(POLLUX_OPTS) $(if $(JAVA_OPTS),-DargLine='$(JAVA_OPTS)') $(MAVEN_ARGS) test && \
$(SAY_SKIPPED) && { $(CHECK_JNI); }
endef

dropin: REPORTS := target/dropin/surefire-reports
dropin: ## run real programs (Netty, Jetty, Tomcat, the JDK's HTTP) on Pollux, by the property alone
	@$(MAKE) --no-print-directory jar
	@rm -f $(REPORTS)/TEST-*.xml $(DROPIN_TABLE)
	@rc=0; $(MVN) -f src/dropin/pom.xml -Dprovider=$(PROVIDER) $(if $(BINDING),-Dbinding=$(BINDING)) -Doptions='$(strip $(POLLUX_OPTS) $(JAVA_OPTS))' $(MAVEN_ARGS) test || rc=$$?; \
	    ! test -f $(DROPIN_TABLE) || cat $(DROPIN_TABLE); exit $$rc
	@$(SAY_SKIPPED)

DROPIN_TABLE := target/dropin/table.txt

demo: build ## run the demonstration: an echo server under load
	@$(RUN) EdgeEchoDemo $(ARGS)

# A program has a main and the package of its directory; the first line of its opening comment says what it is.
EXAMPLES     := src/examples/java
EXAMPLE_FILE  = $(shell find $(EXAMPLES) -name '$(NAME).java' -exec grep -l 'void main\b' {} +)

example: ## run one example: make example NAME=X ARGS='...'
	@test -n '$(NAME)' -a -n '$(EXAMPLE_FILE)' || { echo 'usage: make example NAME=X, with X one of:'; \
	    $(MAKE) --no-print-directory examples; exit 2; }
	@$(MAKE) --no-print-directory build </dev/null # Maven would eat what is meant for the program
	@$(RUN) $(subst /,.,$(EXAMPLE_FILE:$(EXAMPLES)/%.java=%)) $(ARGS)

examples: ## list the examples, with one line for each
	@find $(EXAMPLES) -name '*.java' -exec grep -l 'void main\b' {} + | sort | while read -r file; do \
	    printf '  %-20s %s\n' "$$(basename "$$file" .java)" "$$(sed -n 's/^ \* //p;2q' "$$file")"; done

# ---- the page that shows edge and level: docs/edge-and-level.html

timeline: build ## record anew what LEVEL, EDGE and ONESHOT do, call for call: docs/traces
	@$(RUN) timeline.Timeline $(ARGS)

page: ## make docs/edge-and-level.html of docs/traces and benchmarks/results (needs node)
	@node src/page/build.mjs

test-page: build ## test that page in Chromium, and its numbers against what the examples count: 1 minute
	@src/page/test/run $(RUN)

page-pictures: ## take the pictures of that page, light and dark, that README shows
	@src/page/test/run pictures

# Surefire counts what was skipped, but keeps the reasons to itself.
REPORTS     := target/surefire-reports
SAY_SKIPPED = cat $(REPORTS)/TEST-*.xml | sed -n -e 's/.*<skipped message="\([^"]*\)".*/\1/p' \
    -e 's/.*<skipped.*Assumption failed: *\(.*\)/\1/p' | sort | uniq -c | sed 's/^ *\([0-9]*\) /skipped \1: /'

# Warnings of -Xcheck:jni do not fail a test: the JVM prints them past the test runner, which files them away.
CHECK_JNI = if grep -s -A8 'in native method' target/surefire-reports/*.dumpstream; \
    then echo 'make: -Xcheck:jni found misuse of JNI, see above' >&2; exit 1; fi

# ---- C: needs only make, a compiler and the jni.h of a JDK

CFLAGS   ?= -O2
WARNINGS := -Wall -Wextra $(if $(WERROR),-Werror)
C_FLAGS   = -std=c11 $(CFLAGS) $(WARNINGS) -fvisibility=hidden -fPIC -pthread $(JNI_INCLUDES)

# What the JVM says of itself; asked at the first use only.
jvm = $(shell $(JAVA) -XshowSettings:properties -version 2>&1 | sed -n 's/^ *$(1) = //p')
JDK_HOME = $(eval JDK_HOME := $(call jvm,java.home))$(JDK_HOME)
OS_NAME  = $(eval OS_NAME := $(call jvm,os.name))$(OS_NAME)
OS_ARCH  = $(eval OS_ARCH := $(call jvm,os.arch))$(OS_ARCH)
# os.name in small letters without blanks, and os.arch as it is: what NativeLibrary looks for.
PLATFORM = $(shell echo "$(OS_NAME)-$(OS_ARCH)" | tr A-Z a-z | tr -d " " | sed "s/^mac[a-z]*/macos/; s/-amd64$$/-x86_64/")

JNI_INCLUDES = -I$(JDK_HOME)/include $(patsubst %/jni_md.h,-I%,$(wildcard $(JDK_HOME)/include/*/jni_md.h))
OLDEST_MACOS := 11.0
ELF_FLAGS := -shared -Wl,-z,now -Wl,-z,relro
ifeq ($(shell uname -s),Darwin)
LIBRARY  := libpollux.dylib
LD_FLAGS := -dynamiclib
# The oldest macOS that the library is for; without it that would be the one that it was built on.
MACOSX_DEPLOYMENT_TARGET ?= $(OLDEST_MACOS)
export MACOSX_DEPLOYMENT_TARGET
else
LIBRARY  := libpollux.so
LD_FLAGS := $(ELF_FLAGS)
endif

SOURCES := $(wildcard native/*.c)
OBJECTS := $(SOURCES:native/%.c=target/native/%.o)
NONE_SERVES := the FFM binding will serve on JDK 22 and later, the jnr-ffi binding before

native: ## compile the JNI library into target/classes; without a C compiler, say so
	@if ! command -v $(firstword $(CC)) >/dev/null; then \
	    echo 'pollux: no C compiler ($(firstword $(CC))), so no native library: $(NONE_SERVES)'; \
	elif ! test -f '$(JDK_HOME)/include/jni.h'; then \
	    echo 'pollux: no jni.h in $(JDK_HOME), so no native library: $(NONE_SERVES)'; \
	elif test -n '$(SOURCES)'; then \
	    $(MAKE) --no-print-directory -s target/classes/META-INF/native/$(PLATFORM)/$(LIBRARY); \
	fi

target/classes/META-INF/native/%/$(LIBRARY): $(OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(C_FLAGS) $(LD_FLAGS) -o $@ $(OBJECTS)

target/native/%.o: native/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(C_FLAGS) -MMD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d)

# ---- the libraries of other platforms, and what can be seen of them from here

# By what a JVM there says of itself (os.name, os.arch): the name of the compiler, and the newest glibc whose symbols the
# library may need: the processor's first or, where that is older, 2.17 of 2012.
TRIPLE.linux-x86_64  := x86_64-linux-gnu
TRIPLE.linux-aarch64 := aarch64-linux-gnu
TRIPLE.linux-arm     := arm-linux-gnueabihf
TRIPLE.linux-riscv64 := riscv64-linux-gnu
TRIPLE.linux-ppc64le := powerpc64le-linux-gnu
TRIPLE.linux-s390x   := s390x-linux-gnu
GLIBC                := 2.17
GLIBC.linux-riscv64  := 2.27
# See file_status.h.
GLIBC.linux-arm      := 2.33
# For macOS clang and lld will do, with the headers and the libSystem.tbd of an SDK.
TRIPLE.macos-x86_64  := x86_64-apple-macos$(OLDEST_MACOS)
TRIPLE.macos-aarch64 := arm64-apple-macos$(OLDEST_MACOS)
MACOS_SDK            ?=

CROSS_LINUX := $(sort $(patsubst TRIPLE.%,%,$(filter TRIPLE.linux-%,$(.VARIABLES))))
CROSS_MACOS := $(sort $(patsubst TRIPLE.%,%,$(filter TRIPLE.macos-%,$(.VARIABLES))))
NATIVES     := target/classes/META-INF/native
# The rules for one platform or libc are chosen by CROSS.
CROSS_MAKE   = $(MAKE) --no-print-directory -s PLATFORM=$(PLATFORM) JDK_HOME=$(JDK_HOME)

natives: native ## compile the JNI library for each platform whose compiler is here, and inspect all
	@set -e; $(foreach p,$(filter-out $(PLATFORM),$(CROSS_LINUX)), \
	    if command -v $(TRIPLE.$p)-gcc >/dev/null; then $(CROSS_MAKE) CROSS=$p cross-library; \
	    else echo '$p: left out, no $(TRIPLE.$p)-gcc (Debian: gcc-$(subst _,-,$(TRIPLE.$p)))'; fi;)
	@set -e; $(foreach p,$(filter-out $(PLATFORM),$(CROSS_MACOS)), \
	    if test -n '$(MACOS_SDK)'; then $(CROSS_MAKE) CROSS=$p cross-library; \
	    else echo '$p: left out, no SDK (name one: MACOS_SDK=DIR)'; fi;)
	@$(MAKE) --no-print-directory -s inspect

inspect: ## what the libraries in target/classes need of their systems; fails if that is too much
	@rc=0; $(foreach p,$(CROSS_LINUX) $(CROSS_MACOS), for f in $(wildcard $(NATIVES)/$p/libpollux.*); do \
	        native/inspect.sh $p $$f $(if $(filter macos-%,$p),$(OLDEST_MACOS),$(or $(GLIBC.$p),$(GLIBC))) || rc=1; done;) exit $$rc

smoke: ## try the libraries without a JVM: by qemu-user where they are for other processors, and under musl
	@set -e; $(foreach p,$(patsubst $(NATIVES)/%/libpollux.so,%,$(wildcard $(CROSS_LINUX:%=$(NATIVES)/%/libpollux.so))), \
	    if test $p = $(PLATFORM) || command -v $(TRIPLE.$p)-gcc >/dev/null; then $(CROSS_MAKE) CROSS=$p cross-smoke; \
	    else echo 'smoke: $p: left out, no $(TRIPLE.$p)-gcc (Debian: gcc-$(subst _,-,$(TRIPLE.$p)))'; fi;)
	@case $(PLATFORM) in linux-*) if command -v musl-gcc >/dev/null; then $(CROSS_MAKE) CROSS=musl cross-smoke; \
	    else echo 'smoke: musl: left out, no musl-gcc (Debian: musl-tools)'; fi ;; esac

ifdef CROSS
CROSS_CC    := $(if $(filter $(PLATFORM),$(CROSS)),$(CC),$(or $(TRIPLE.$(CROSS)),musl)-gcc)
CROSS_LD    := $(ELF_FLAGS) -Wl,-z,defs -s
CROSS_NAME  := libpollux.so
CROSS_NEEDS := $(SOURCES) $(wildcard native/*.h) Makefile
QEMU        := qemu-$(CROSS:linux-%=%)
# Empty where it runs by itself.
EMULATOR    := $(if $(filter-out $(PLATFORM) musl,$(CROSS)), \
                   $(or $(shell command -v $(QEMU)),$(QEMU)-static) -L /usr/$(TRIPLE.$(CROSS)))
CROSS_SMOKE := target/cross/$(CROSS)/smoke/smoke
CROSS_AGENT := target/cross/$(CROSS)/agent
CROSS_TESTS := $(patsubst native/%.c,target/cross/$(CROSS)/%,$(wildcard native/test/*.c))

ifneq ($(filter macos-%,$(CROSS)),)
CROSS_CC    := clang --target=$(TRIPLE.$(CROSS)) -isysroot $(MACOS_SDK)
CROSS_LD    := -fuse-ld=lld -dynamiclib -Wl,-install_name,@rpath/libpollux.dylib
CROSS_NAME  := libpollux.dylib
endif

cross-library: $(NATIVES)/$(CROSS)/$(CROSS_NAME)

$(NATIVES)/$(CROSS)/$(CROSS_NAME): $(CROSS_NEEDS)
	@mkdir -p $(@D)
	$(CROSS_CC) $(C_FLAGS) $(CROSS_LD) -o $@ $(SOURCES)

# What must not be warned of there either.
cross-agent: $(CROSS_AGENT)

$(CROSS_AGENT): $(wildcard native/agent/*)
	@mkdir -p $(@D)
	@$(MAKE) --no-print-directory -s -C native/agent AGENT='$(CURDIR)/$@' CC='$(CROSS_CC)' \
	    CFLAGS='$(CFLAGS) $(WARNINGS)$(if $(filter macos-%,$(CROSS)), -fuse-ld=lld)'

# Under musl it is this machine's library, which was made with glibc.
cross-smoke: $(CROSS_SMOKE) $(CROSS_TESTS)
	@if ! command -v $(or $(firstword $(EMULATOR)),sh) >/dev/null; then \
	    echo 'smoke: $(CROSS): left out, no $(QEMU) (Debian: qemu-user)'; exit 0; fi; \
	set -e; printf 'smoke: $(CROSS): '; \
	$(EMULATOR) $(CROSS_SMOKE) $(NATIVES)/$(if $(filter musl,$(CROSS)),$(PLATFORM),$(CROSS))/libpollux.so; \
	for t in $(CROSS_TESTS); do echo "smoke: $(CROSS): $$t"; $(EMULATOR) $$t $(if $(EMULATOR),1023); done

target/cross/$(CROSS)/smoke/%: native/smoke/%.c $(CROSS_NEEDS)
	@mkdir -p $(@D)
	$(CROSS_CC) $(C_FLAGS) -o $@ $< -ldl

target/cross/$(CROSS)/test/%: native/test/%.c $(wildcard native/test/*.h) $(CROSS_NEEDS)
	@mkdir -p $(@D)
	$(CROSS_CC) $(C_FLAGS) -Inative -o $@ $< $(SOURCES)
endif

# ---- the suite on another machine's kernel

COMMA := ,
AGENT := target/agent/agent

agent: ## compile the agent, which makes the calls of `test REMOTE=...` on another machine: target/agent/agent
	@mkdir -p $(dir $(AGENT))
	@$(MAKE) --no-print-directory -s -C native/agent AGENT='$(CURDIR)/$(AGENT)' CC='$(CC)' \
	    CFLAGS='$(CFLAGS) $(WARNINGS)$(if $(LIBKQUEUE), -I$(LIBKQUEUE)/include/kqueue)' \
	    LIBS='$(if $(LIBKQUEUE),-L$(LIBKQUEUE)/lib -Wl$(COMMA)-rpath$(COMMA)$(LIBKQUEUE)/lib -lkqueue)'

# The control: an agent on this machine; with CROSS=linux-arm and the like for another processor, by qemu-user.
remote: $(if $(CROSS),cross-agent,agent) ## run the contract by an agent on this machine, then by one that dies: 2 minutes
	@.ci/with-agent '$(if $(CROSS),$(EMULATOR) $(CROSS_AGENT),$(AGENT))' \
	    $(MAKE) --no-print-directory test REMOTE=127.0.0.1:PORT OS=linux
	@$(if $(CROSS),,.ci/with-agent $(AGENT) .ci/agent-lost PORT ID "$(MAVEN_ARGS)")

# ---- kqueue on Linux, where libkqueue makes one of epoll

# Where it is installed: DIR/include/kqueue/sys/event.h, DIR/lib/libkqueue.so.0
LIBKQUEUE ?= $(firstword $(patsubst %/include/kqueue/sys/event.h,%,$(wildcard /usr/local/include/kqueue/sys/event.h /usr/include/kqueue/sys/event.h)))
KQUEUE_LIBRARY := $(LIBKQUEUE)/lib/libkqueue.so.0
WITH_KQUEUE := target/kqueue/$(LIBRARY)

kqueue: ## run all tests on libkqueue's kqueue, by both bindings: make kqueue LIBKQUEUE=DIR
ifeq ($(LIBKQUEUE),)
	@echo 'kqueue: skipped: no libkqueue is installed here, and LIBKQUEUE=DIR names none'
else
	@test -f '$(KQUEUE_LIBRARY)' || { echo 'kqueue: there is no $(KQUEUE_LIBRARY)' >&2; exit 2; }
	@$(MAKE) --no-print-directory -s build $(WITH_KQUEUE)
	@$(MAKE) --no-print-directory test test-examples BACKEND=kqueue BINDING=jni JAVA_OPTS='$(JAVA_OPTS) -Dpollux.library.path=$(CURDIR)/$(WITH_KQUEUE)'
	@$(MAKE) --no-print-directory test BACKEND=kqueue BINDING=ffm JAVA_OPTS='$(JAVA_OPTS) -Dpollux.kqueue.library=$(KQUEUE_LIBRARY)'
	@$(MAKE) --no-print-directory test test-examples BACKEND=kqueue BINDING=jnr JAVA_OPTS='$(JAVA_OPTS) -Dpollux.kqueue.library=$(KQUEUE_LIBRARY)'
endif

$(WITH_KQUEUE): $(SOURCES) $(wildcard native/*.h) Makefile
	@mkdir -p $(@D)
	$(CC) $(C_FLAGS) -I$(LIBKQUEUE)/include/kqueue $(LD_FLAGS) -o $@ $(SOURCES) \
	    -L$(LIBKQUEUE)/lib -Wl,-rpath,$(LIBKQUEUE)/lib -lkqueue

# ---- the C half under AddressSanitizer and UBSan

SANITIZERS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
SANITIZED  := target/sanitize/$(LIBRARY)
C_TESTS    := $(patsubst native/test/%.c,target/sanitize/%,$(wildcard native/test/*.c))
# Once more as on a processor whose system calls go through libc, see linux_calls.h.
C_TESTS    += $(C_TESTS:%=%-libc)
# The run-time library must come first in a process that was not linked with it, such as a JVM.
ASAN_RUNTIME = $(eval ASAN_RUNTIME := $(wildcard $(shell $(CC) -print-file-name=libasan.so 2>/dev/null)))$(ASAN_RUNTIME)
# SIGSEGV belongs to the JVM, which uses it for its own ends, and which never frees all it took.
ASAN_JVM := allocator_may_return_null=1:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0:detect_leaks=0:abort_on_error=1
UBSAN_JVM := print_stacktrace=1:abort_on_error=1

sanitize: ## run the C code under AddressSanitizer and UBSan: its own tests, then part of the suite
	@command -v $(firstword $(CC)) >/dev/null || { echo 'sanitize: no C compiler ($(firstword $(CC)))' >&2; exit 1; }
	@test -n '$(ASAN_RUNTIME)' || { echo 'sanitize: $(CC) comes without libasan.so, the sanitizer library that gcc brings' >&2; exit 1; }
	@$(MAKE) --no-print-directory -s $(SANITIZED) $(C_TESTS)
	@set -e; for t in $(C_TESTS); do echo "sanitize: $$t"; UBSAN_OPTIONS=print_stacktrace=1 ./$$t; done
	@echo 'sanitize: $(SANITIZE_TESTS) with $(SANITIZED)'
	@rm -f target/surefire-reports/*.dumpstream
	@$(MVN) -Psanitize -Dsanitizer.runtime='$(ASAN_RUNTIME)' \
	    -Dsanitizer.asanOptions='$(ASAN_JVM)' -Dsanitizer.ubsanOptions='$(UBSAN_JVM)' \
	    -Dpollux.binding=jni -Dpollux.library.path='$(CURDIR)/$(SANITIZED)' -Dtest='$(SANITIZE_TESTS)' \
	    $(if $(JAVA_OPTS),-DargLine='$(JAVA_OPTS)') $(MAVEN_ARGS) test
	@$(CHECK_JNI)

$(SANITIZED): $(SOURCES) $(wildcard native/*.h) Makefile
	@mkdir -p $(@D)
	$(CC) $(C_FLAGS) $(SANITIZERS) $(LD_FLAGS) -o $@ $(SOURCES)

# Each file is one program: it may call anything of native/*.c and exits with 0 if all is well.
C_TEST_NEEDS := $(SOURCES) $(wildcard native/*.h native/test/*.h) Makefile
C_TEST_BUILD  = $(CC) $(C_FLAGS) -Inative $(SANITIZERS) -o $@ $< $(SOURCES)

target/sanitize/%: native/test/%.c $(C_TEST_NEEDS)
	@mkdir -p $(@D)
	$(C_TEST_BUILD)

target/sanitize/%-libc: native/test/%.c $(C_TEST_NEEDS)
	@mkdir -p $(@D)
	$(C_TEST_BUILD) -DPOLLUX_LIBC_CALLS

# ---- benchmarks: a project of their own, see benchmarks/pom.xml

BENCH_JAR := benchmarks/target/benchmarks.jar
# C programs: the floor that the library is measured against, and the servers and loads beside it.
FLOORS    := $(patsubst native/floor/%.c,target/floor/%,$(wildcard native/floor/*.c)) target/floor/in-place
LOADS     := $(patsubst native/load/%.c,target/load/%,$(wildcard native/load/*.c)) target/load/wrk.lua
# As Jvm.java has them: they are for JDKs from 24 on, older ones bear with them.
BENCH_OPTS := --enable-native-access=ALL-UNNAMED -XX:+IgnoreUnrecognizedVMOptions --sun-misc-unsafe-memory-access=allow
BENCH      = $(JAVA) $(BENCH_OPTS) -cp $(BENCH_JAR) dev.pollux.bench.Bench

bench: bench-build ## measure it all, and write benchmarks/results: 17 minutes
	@$(BENCH) $(ARGS)

bench-full: bench-build ## the same with more rounds
	@$(BENCH) --full $(ARGS)

bench-nio: bench-build ## measure java.nio on Pollux against the JDK's own selector: 10 minutes
	@$(BENCH) nio $(ARGS)

floor: bench-build ## measure the library against the same loops written in C
	@$(BENCH) floor $(ARGS)

bench-build: ## compile the benchmarks and the load: benchmarks/target/benchmarks.jar is JMH with all of them
	@$(MVN) -f .ci/reactor.xml -pl :pollux-benchmarks -am -DskipTests $(MAVEN_ARGS) package
	@$(MAKE) --no-print-directory -s $(FLOORS) $(LOADS)

target/floor/%: native/floor/%.c native/floor/common.h native/load/common.h Makefile
	@mkdir -p $(@D)
	$(CC) -std=c11 -O2 $(WARNINGS) -pthread -o $@ $<

target/floor/in-place: native/floor/floor.c $(wildcard native/floor/*.h native/*.h) native/load/common.h Makefile
	@mkdir -p $(@D)
	$(CC) -std=c11 -O2 $(WARNINGS) -pthread -include native/floor/in_place.h -o $@ $<

target/load/%: native/load/%.c $(wildcard native/load/*.h) Makefile
	@mkdir -p $(@D)
	$(CC) -std=c11 -O2 $(WARNINGS) -pthread -o $@ $<

target/load/%.lua: native/load/%.lua
	@mkdir -p $(@D)
	cp $< $@

# ---- packaging: one jar for all platforms, its sources, its javadoc, and what it depends on

.PHONY: dist release reproducible

PREBUILT ?=
COMPLETE ?=
# What a complete jar carries: the platforms that the table names.
PLATFORMS = $(shell sed -n 's/^| `\([a-z]*-[a-z0-9_]*\)` .*/\1/p' docs/platforms.md)
JAR := $(if $(JAVA_HOME),$(JAVA_HOME)/bin/)jar

# Jars keep the permissions of what goes into them: they are made those of a checkout under umask 022.
dist: ## assemble the jars, with the libraries in PREBUILT=DIR or else those that can be built here
	@test -z '$(COMPLETE)' || test -n '$(PLATFORMS)' || { echo 'dist: no platforms in docs/platforms.md' >&2; exit 1; }
	@test -z '$(PREBUILT)' || ls -d '$(PREBUILT)'/*/libpollux.* >/dev/null
	@rm -rf target/classes target/reports target/pollux.jar target/pollux-*.jar $(JAVADOC_STAMP)
	@$(if $(PREBUILT),$(COPY_PREBUILT),$(MAKE) --no-print-directory -s natives)
	@chmod -R go=u-w src pom.xml LICENSE NOTICE
	@umask 022; $(MVN) -DskipTests -P$(DIST_PROFILES) $(if $(PREBUILT),-Dexec.skip) $(MAVEN_ARGS) $(DIST_GOAL)
	@echo 'dist: target/pollux.jar carries'
	@JAR='$(JAR)' .ci/check-jars target $(if $(COMPLETE),$(PLATFORMS))

DIST_GOAL := verify
DIST_PROFILES := sbom
# Built elsewhere: DIR/linux-x86_64/libpollux.so and so on. None is built here then, so that what is packed was tested.
COPY_PREBUILT = for library in '$(PREBUILT)'/*/libpollux.*; do \
    to=target/classes/META-INF/native/$$(basename "$$(dirname "$$library")"); \
    mkdir -p "$$to" && cp "$$library" "$$to/" || exit 1; done

release: ## sign the complete jars of PREBUILT=DIR and upload them to Maven Central, see CONTRIBUTING.md
	@test -n '$(PREBUILT)' || { echo 'release: PREBUILT=DIR must name the libraries of all platforms' >&2; exit 2; }
	@$(MAKE) --no-print-directory dist COMPLETE=1
	@$(MAKE) --no-print-directory dist COMPLETE=1 DIST_GOAL=deploy DIST_PROFILES=sbom,release

# The second copy is built under another path, umask, time zone and language.
reproducible: ## build the jars twice, in different surroundings, and compare them byte for byte
	@rm -rf target/reproduced
	@for copy in one some/other; do mkdir -p target/reproduced/$$copy && \
	    tar cf - --exclude=./target --exclude=./.git . | (cd target/reproduced/$$copy && tar xf -) || exit 1; done
	@cd target/reproduced/one && $(MAKE) --no-print-directory dist
	@umask 077; cd target/reproduced/some/other && chmod -R go= . && TZ=Asia/Kathmandu LC_ALL=C \
	    MAVEN_OPTS='-Duser.language=tr -Duser.country=TR' $(MAKE) --no-print-directory dist
	@JAR='$(JAR)' .ci/same-jars target/reproduced/one/target target/reproduced/some/other/target
	@echo 'reproducible: two builds, the same bytes'

# ---- holding the line

# By this file the javadoc plugin judges that nothing changed; in a modular project it overlooks changed sources.
JAVADOC_STAMP := target/maven-javadoc-plugin-stale-data.txt

API      := src/api/pollux-api.jar
API_DIFF := target/japicmp/api.diff
JAVAP    := $(if $(JAVA_HOME),$(JAVA_HOME)/bin/)javap

api: ## compare the API with what it was, see docs/releases.md; `lint` does it too
	@rm -rf $(dir $(API_DIFF))
	@rc=0; $(MVN) -Dmaven.test.skip $(MAVEN_ARGS) package japicmp:cmp@api || rc=$$?; \
	    ! test -f $(API_DIFF) || cat $(API_DIFF); exit $$rc

# The public classes of what the module exports; the same bytes from the same classes.
api-baseline: ## write what `api` compares with anew, from these sources
	@$(MVN) -Dmaven.test.skip $(MAVEN_ARGS) package
	@cd target/classes && $(JAR) --create --no-manifest --date=2026-01-01T00:00:00Z --file '$(CURDIR)/$(API)' \
	    $$(for class in dev/pollux/*.class dev/pollux/nio/*.class; do \
	        ! '$(JAVAP)' "$$class" | grep -q '^public ' || echo "$$class"; done)

lint: ## formatting, javadoc, the jars and the API; examples compiled against the public API alone
	@rm -rf $(JAVADOC_STAMP) target/examples-alone
	@$(MVN) -f .ci/reactor.xml -DskipTests $(MAVEN_ARGS) verify
	@$(JAVAC) -Xlint:all $(if $(WERROR),-Werror) -proc:none -d target/examples-alone \
	    -p target/pollux.jar --add-modules dev.pollux -cp "$$(cat target/classpath.txt)" \
	    $$(find src/examples/java -name '*.java')
	@echo 'lint: formatting, javadoc, jar, API and examples are in order'

check: test test-examples lint sanitize ## test, test-examples, lint and sanitize; .ci/run has the rest

format: ## bring the Java sources into the house format
	@$(MVN) $(MAVEN_ARGS) spotless:apply

clean: ## remove all that was built
	@rm -rf target benchmarks/target

print-%: # the value of a variable of this file: make print-PLATFORM
	@echo '$($*)'

.PHONY: help build jar api api-baseline timeline page test-page page-pictures test test-virtual test-examples dropin demo example examples bench bench-full bench-build bench-nio native natives agent remote inspect smoke kqueue sanitize floor lint check format clean
