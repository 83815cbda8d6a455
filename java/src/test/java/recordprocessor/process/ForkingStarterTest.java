package recordprocessor.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against forkers that are scripts; the real one is tested in Python. */
@Timeout(20)
class ForkingStarterTest {
    // Answers each request to start with the process that the script's first argument is, in pipes as asked for.
    private static final String FORKS = "echo x >> started; id=0; while read -r line; do case $line in *start*)"
            + " id=$((id + 1)); pipes=$(sed 's/.*\"pipes\":\"\\([^\"]*\\)\".*/\\1/' <<< \"$line\");"
            + " number=$(sed 's/.*\"id\":\\([0-9]*\\).*/\\1/' <<< \"$line\");"
            + " mkfifo $pipes.in $pipes.out $pipes.err; exec 7<>$pipes.in 8<>$pipes.out 9<>$pipes.err;"
            + " (echo born >&8; exec sleep 600 7>&- 8>&- 9>&-) > /dev/null 2>&1 & pid=$!;"
            + " echo '{\"is\":\"started\",\"id\":'$number',\"pid\":'$pid'}';;"
            + " *opened*) exec 7>&- 8>&- 9>&-;;"
            + " *kill*) kill -KILL $pid; wait $pid; echo '{\"is\":\"exited\",\"id\":'$number',\"status\":137}';; esac; done";

    @TempDir
    Path folder;

    private final AtomicLong actions = new AtomicLong();

    private ForkingStarter starter(String forker) {
        return new ForkingStarter(
                List.of("bash", "-c", "cd " + folder + "; " + forker),
                folder,
                new CommandStarter(List.of("bash", "-c", "echo alone")),
                actions::get);
    }

    private static String output(Process process) throws IOException {
        // Buffered, since a FileInputStream would look for its length, which a pipe does not have.
        byte[] all = new BufferedInputStream(process.getInputStream()).readAllBytes();
        return new String(all, StandardCharsets.UTF_8).strip();
    }

    private long startedForkers() throws IOException {
        return Files.readAllLines(folder.resolve("started")).size();
    }

    @Test
    void aForkedProcessIsReadAndKilledThroughItsForker() throws Exception {
        Process process = starter(FORKS).start(Map.of("A", "b"));
        assertEquals("born", output(process));
        assertTrue(process.isAlive());
        assertThrows(IllegalThreadStateException.class, process::exitValue);
        process.destroyForcibly();
        assertEquals(137, process.onExit().get(10, TimeUnit.SECONDS).exitValue());
    }

    @Test
    void aForkerThatSaysItIsUnfitIsNotStartedAgain() throws Exception {
        ForkingStarter starter = starter("echo x >> started; exit " + Forker.UNFIT);
        assertEquals("alone", output(starter.start(Map.of())));
        assertEquals("alone", output(starter.start(Map.of())));
        assertEquals(1, startedForkers());
    }

    @Test
    void aForkerThatDiesAgainAndAgainIsGivenUp() throws Exception {
        ForkingStarter starter = starter("echo x >> started; read -r line; exit 3");
        assertEquals("alone", output(starter.start(Map.of())));
        assertEquals("alone", output(starter.start(Map.of())));
        assertEquals(3, startedForkers());
    }

    @Test
    void aForkerThatCannotBeStartedIsDoneWithout() throws Exception {
        ForkingStarter starter = new ForkingStarter(
                List.of("/nowhere/python"),
                folder,
                new CommandStarter(List.of("bash", "-c", "echo alone")),
                actions::get);
        assertEquals("alone", output(starter.start(Map.of())));
    }

    @Test
    void theEndOfAForkerIsTheEndOfWhatItForkedAndTheNextStartHasANewOne() throws Exception {
        ForkingStarter starter = starter("echo $$ > pid; " + FORKS);
        Process process = starter.start(Map.of());
        long forker = Long.parseLong(Files.readString(folder.resolve("pid")).strip());
        ProcessHandle.of(forker).orElseThrow().destroyForcibly();
        assertEquals(137, process.onExit().get(10, TimeUnit.SECONDS).exitValue());
        ProcessHandle.of(process.pid()).ifPresent(ProcessHandle::destroyForcibly);
        Process next = starter.start(Map.of());
        assertEquals("born", output(next));
        assertEquals(2, startedForkers());
        next.destroyForcibly();
        next.waitFor();
    }

    @Test
    void newActionsHaveANewForkerAndTheOldOneLivesAsLongAsWhatItForked() throws Exception {
        ForkingStarter starter = starter("echo $$ >> pid; " + FORKS);
        Process old = starter.start(Map.of());
        actions.incrementAndGet();
        Process next = starter.start(Map.of());
        assertEquals("born", output(next));
        assertEquals(2, startedForkers());
        List<String> forkers = Files.readAllLines(folder.resolve("pid"));
        ProcessHandle first = ProcessHandle.of(Long.parseLong(forkers.get(0))).orElseThrow();
        assertTrue(first.isAlive());
        assertTrue(old.isAlive());
        old.destroyForcibly();
        assertEquals(137, old.onExit().get(10, TimeUnit.SECONDS).exitValue());
        first.onExit().get(10, TimeUnit.SECONDS);
        assertTrue(next.isAlive());
        next.destroyForcibly();
        next.waitFor();
        assertEquals(2, startedForkers());
    }

    @Test
    void newActionsMayBeFitForAForker() throws Exception {
        ForkingStarter starter = starter("echo x >> started; exit " + Forker.UNFIT);
        assertEquals("alone", output(starter.start(Map.of())));
        actions.incrementAndGet();
        assertEquals("alone", output(starter.start(Map.of())));
        assertEquals(2, startedForkers());
    }

    @Test
    void aProcessThatCannotBeForkedIsAnErrorWithTheReason() {
        ForkingStarter starter = starter(
                "read -r line; n=$(sed 's/.*\"id\":\\([0-9]*\\).*/\\1/' <<< \"$line\");"
                        + " echo '{\"is\":\"failed\",\"id\":'$n',\"why\":\"no memory\"}'; read -r line");
        IOException error = assertThrows(IOException.class, () -> starter.start(Map.of()));
        assertEquals("no memory", error.getMessage());
    }
}
