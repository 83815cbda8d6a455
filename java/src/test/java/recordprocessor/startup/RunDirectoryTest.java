package recordprocessor.startup;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunDirectoryTest {
    @TempDir
    Path folder;

    private Path made(String name) throws IOException {
        Path directory = Files.createDirectories(folder.resolve(name));
        Files.writeString(directory.resolve("actions.json"), "secret");
        Files.createDirectory(directory.resolve("inner"));
        Files.writeString(directory.resolve("inner").resolve("file"), "");
        return directory;
    }

    @Test
    void itIsLeftToTheParentWhileThatLives() throws IOException {
        Path directory = made("record-processor-abcdefgh");
        new RunDirectory(directory).removeIfOrphaned();
        assertTrue(Files.exists(directory.resolve("actions.json")));
    }

    @Test
    void itIsRemovedWithAllThatIsInIt() throws IOException {
        Path directory = made("record-processor-abcdefgh");
        Path elsewhere = Files.writeString(folder.resolve("elsewhere"), "");
        Files.createSymbolicLink(directory.resolve("link"), folder);
        new RunDirectory(directory).remove();
        assertFalse(Files.exists(directory));
        assertTrue(Files.exists(elsewhere));
    }

    @Test
    void aDirectoryOfAnotherNameIsNeverRemoved() throws IOException {
        Path directory = made("home");
        new RunDirectory(directory).remove();
        assertTrue(Files.exists(directory.resolve("actions.json")));
    }
}
