package recordprocessor.fence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeaseFileTest {
    @TempDir
    Path folder;

    private ByteBuffer content(Path path) throws IOException {
        return ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.nativeOrder());
    }

    @Test
    void theNumbersStandWhereTheChildLooks() throws IOException {
        Path path = folder.resolve("lease");
        LeaseFile file = new LeaseFile(path);
        file.goodUntil(123_456_789_012L);
        file.askToStop();
        file.foundNothing(1_795_000_000_123L);
        ByteBuffer content = content(path);
        assertEquals(24, content.remaining());
        assertEquals(123_456_789_012L, content.getLong(0));
        assertEquals(1, content.getLong(8));
        assertEquals(1_795_000_000_123L, content.getLong(16));
    }

    @Test
    void afterRecordsNoEmptyReadIsThereAnymore() throws IOException {
        LeaseFile file = new LeaseFile(folder.resolve("lease"));
        file.foundNothing(5);
        file.foundRecords();
        assertEquals(0, content(file.path()).getLong(16));
    }

    @Test
    void aNewFileHoldsNoLease() throws IOException {
        Path path = folder.resolve("lease");
        new LeaseFile(path);
        assertEquals(0, content(path).getLong(0));
    }

    @Test
    void closingTakesTheLeaseFromAChildThatStillHasTheFile() throws IOException {
        Path path = folder.resolve("lease");
        LeaseFile file = new LeaseFile(path);
        file.goodUntil(Long.MAX_VALUE);
        try (FileChannel process = FileChannel.open(path, StandardOpenOption.READ)) {
            ByteBuffer mapped = process.map(FileChannel.MapMode.READ_ONLY, 0, 24).order(ByteOrder.nativeOrder());
            file.close();
            assertEquals(0, mapped.getLong(0));
        }
        assertFalse(Files.exists(path));
    }
}
