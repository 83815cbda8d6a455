package recordprocessor.process;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
class ShardProcessTest {
    @TempDir
    Path folder;

    private final Stragglers stragglers = new Stragglers();

    private ShardProcess start(String script) throws IOException {
        return ShardProcess.start(
                new CommandStarter(List.of("bash", "-c", script)),
                Map.of("RP_LAST_END", "none"),
                new TrialsFile(folder.resolve("trials")),
                stragglers);
    }

    private static ProcessEnd end(ShardProcess process) throws Exception {
        return process.ended().get(15, TimeUnit.SECONDS);
    }

    /** Gone, or a zombie that the container's first process has not reaped yet. */
    private static void assertGone(long processId) throws Exception {
        Path stat = Path.of("/proc", String.valueOf(processId), "stat");
        while (Files.exists(stat) && !Files.readString(stat).contains(") Z ")) {
            Thread.sleep(10); // until the class's timeout
        }
    }

    @Test
    void whatItWroteIsReadToTheLastByteAndEndsAtItsExit() throws Exception {
        ShardProcess process = start("for i in {1..20000}; do echo \"line $i $RP_LAST_END\"; done; exit 7");
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(output.endsWith("line 20000 none\n"));
        assertEquals(new ProcessEnd(ProcessEnd.Reason.KILLED, 7, ""), end(process));
        assertFalse(process.isAlive());
    }

    @Test
    void aDescendantWithTheMarkerIsEndedWithItAndHoldsNoReaderUp() throws Exception {
        ShardProcess process = start("setsid sleep 600 & echo $!; kill -KILL $$");
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals("SIGKILL", end(process).signal());
        assertGone(Long.parseLong(output.strip()));
    }

    @Test
    void aDescendantThatCannotBeFoundHoldsNoReaderUpEither() throws Exception {
        ShardProcess process = start("env -i setsid sleep 600 & echo $!; sleep 0.2; kill -KILL $$");
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals("SIGKILL", end(process).signal());
        ProcessHandle hidden = ProcessHandle.of(Long.parseLong(output.strip())).orElseThrow();
        assertTrue(hidden.isAlive());
        hidden.destroyForcibly();
    }

    @Test
    void theConfirmedStatusNamesTheEnd() throws Exception {
        ShardProcess process = start("printf '\\120' > " + folder.resolve("trials") + "; exit 80");
        assertEquals(ProcessEnd.Reason.LEASE_LOST, end(process).reason());
        ShardProcess next = start("exit 80");
        assertEquals(ProcessEnd.Reason.KILLED, end(next).reason());
    }

    @Test
    void aProcessThatLivesOnAfterTheEndOfItsInputIsEnded() throws Exception {
        ShardProcess process = start("exec sleep 600");
        process.getOutputStream().close();
        assertEquals("SIGKILL", end(process).signal());
    }

    @Test
    void atTheEndOfTheJvmProcessesAreEndedWithAllThatTheyStarted() throws Exception {
        ShardProcess process = start("setsid sleep 600 & echo $!; exec sleep 600");
        byte[] line = new byte[64];
        int count = process.getInputStream().read(line);
        long straggler = Long.parseLong(new String(line, 0, count, StandardCharsets.UTF_8).strip());
        stragglers.endEverything();
        assertEquals("SIGKILL", end(process).signal());
        assertGone(straggler);
    }
}
