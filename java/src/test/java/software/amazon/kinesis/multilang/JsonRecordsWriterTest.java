package software.amazon.kinesis.multilang;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.retrieval.KinesisClientRecord;

class JsonRecordsWriterTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ExecutorService executor = Executors.newSingleThreadExecutor();
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();

    @AfterEach
    void stop() {
        executor.shutdown();
    }

    private static KinesisClientRecord record(String sequenceNumber, String data) {
        return KinesisClientRecord.builder()
                .sequenceNumber(sequenceNumber)
                .partitionKey(sequenceNumber)
                .approximateArrivalTimestamp(Instant.EPOCH)
                .data(ByteBuffer.wrap(data.getBytes(StandardCharsets.UTF_8)))
                .build();
    }

    private static ProcessRecordsInput input(List<KinesisClientRecord> records) {
        return ProcessRecordsInput.builder().records(records).millisBehindLatest(5L).build();
    }

    private MessageWriter to(MessageWriter writer, OutputStream stream) {
        return writer.initialize(stream, "shardId-1", JSON, executor);
    }

    /** The records of a message: its sequence numbers and data. */
    private static List<String> told(ByteArrayOutputStream message) throws IOException {
        String line = message.toString(StandardCharsets.UTF_8);
        assertEquals(line.length() - 1, line.indexOf('\n'), "a message is one line");
        JsonNode tree = JSON.readTree(line);
        assertEquals("processRecords", tree.get("action").textValue());
        assertEquals(5, tree.get("millisBehindLatest").intValue());
        return IntStream.range(0, tree.path("jsonRecords").size())
                .mapToObj(place -> tree.get("jsonRecords").get(place))
                .map(record -> record.get(0).textValue() + " " + record.get(1))
                .toList();
    }

    @Test
    void recordsAreInTheMessageAsTheyAre() throws Exception {
        // Larger than a piece, with records that begin in one and end in another.
        List<String> data = IntStream.range(0, 300)
                .mapToObj(number -> "{\"é\":\"" + "x\\n😀".repeat(number) + "\"}")
                .toList();
        List<KinesisClientRecord> records = IntStream.range(0, data.size())
                .mapToObj(number -> record(String.valueOf(number), data.get(number)))
                .toList();
        assertTrue(to(new JsonRecordsWriter(), written).writeProcessRecordsMessage(input(records)).get());
        assertEquals(
                IntStream.range(0, data.size()).mapToObj(number -> number + " " + data.get(number)).toList(),
                told(written));
    }

    @Test
    void aMessageWithoutRecordsIsWritten() throws Exception {
        assertTrue(to(new JsonRecordsWriter(), written).writeProcessRecordsMessage(input(List.of())).get());
        assertEquals(List.of(), told(written));
    }

    @Test
    void theDataCanBeReadAgain() throws Exception {
        List<KinesisClientRecord> records = List.of(record("1", "{}"));
        to(new JsonRecordsWriter(), written).writeProcessRecordsMessage(input(records)).get();
        assertEquals(2, records.get(0).data().remaining());
    }

    @Test
    void otherMessagesKeepTheirPlace() throws Exception {
        MessageWriter writer = to(new JsonRecordsWriter(), written);
        writer.writeShutdownRequestedMessage().get();
        writer.writeProcessRecordsMessage(input(List.of())).get();
        writer.writeShutdownRequestedMessage().get();
        List<String> actions = written.toString(StandardCharsets.UTF_8).lines()
                .map(line -> line.split("\"")[3])
                .toList();
        assertEquals(List.of("shutdownRequested", "processRecords", "shutdownRequested"), actions);
    }

    @Test
    void aProcessThatDiedGetsNoFurtherMessage() throws Exception {
        MessageWriter writer = to(new JsonRecordsWriter(), new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                throw new IOException("broken pipe");
            }
        });
        assertFalse(writer.writeProcessRecordsMessage(input(List.of())).get());
        assertFalse(writer.isOpen());
        assertThrows(IllegalStateException.class, () -> writer.writeProcessRecordsMessage(input(List.of())));
    }
}
