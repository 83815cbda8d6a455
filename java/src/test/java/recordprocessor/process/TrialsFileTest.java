package recordprocessor.process;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrialsFileTest {
    @TempDir
    Path folder;

    private TrialsFile file;

    @BeforeEach
    void name() {
        file = new TrialsFile(folder.resolve("trials-1"));
    }

    @Test
    void theFirstByteIsTheConfirmedStatusAndTheRestIsLeftAlone() throws IOException {
        Files.write(file.path(), new byte[] {(byte) 200, 1, 2, 3});
        assertEquals(200, file.confirmedStatus());
        file.clearStatus();
        assertEquals(TrialsFile.NOTHING, file.confirmedStatus());
        assertArrayEquals(new byte[] {0, 1, 2, 3}, Files.readAllBytes(file.path()));
    }

    @Test
    void theThirdByteSaysThatTheProcessHasNothingToDo() throws IOException {
        assertFalse(file.isIdle());
        Files.write(file.path(), new byte[] {0, 1, 1});
        assertTrue(file.isIdle());
        Files.write(file.path(), new byte[] {0, 1, 0});
        assertFalse(file.isIdle());
    }

    @Test
    void aFileThatTheProcessNeverMadeConfirmsNothingAndIsNotMadeHere() throws IOException {
        file.clearStatus();
        assertEquals(TrialsFile.NOTHING, file.confirmedStatus());
        assertFalse(Files.exists(file.path()));
        file.remove();
    }
}
