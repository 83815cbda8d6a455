package software.amazon.kinesis.multilang;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.retrieval.KinesisClientRecord;

/**
 * Writes KCL's messages to our own shard process, records as the JSON that they are.
 *
 * <p>KCL writes a record as a string in base64 and the whole message as one text, which it encodes twice. Here it is
 * {@code {"action":"processRecords","millisBehindLatest":0,"jsonRecords":[["SEQUENCE NUMBER",{RECORD}],…]}}, in the
 * same place: one line, written by a thread of its own, and answered as any other.
 */
final class JsonRecordsWriter extends MessageWriter {
    private static final Logger LOG = LoggerFactory.getLogger(JsonRecordsWriter.class);
    private static final JsonStringEncoder STRINGS = JsonStringEncoder.getInstance();
    private static final int PIECE_BYTES = 1 << 15;

    private OutputStream stream;
    private ExecutorService executor;
    private volatile boolean broken;

    @Override
    MessageWriter initialize(OutputStream stream, String shardId, ObjectMapper json, ExecutorService executor) {
        this.stream = stream;
        this.executor = executor;
        return super.initialize(stream, shardId, json, executor);
    }

    @Override
    boolean isOpen() {
        return super.isOpen() && !broken;
    }

    @Override
    Future<Boolean> writeProcessRecordsMessage(ProcessRecordsInput input) {
        if (!isOpen()) {
            throw new IllegalStateException("the shard process no longer takes messages");
        }
        return executor.submit(() -> {
            try {
                write(input);
            } catch (IOException error) {
                LOG.debug("the shard process no longer takes messages", error);
                broken = true;
            }
            return !broken;
        });
    }

    private void write(ProcessRecordsInput input) throws IOException {
        Pieces pieces = new Pieces(stream);
        pieces.add("{\"action\":\"processRecords\",\"millisBehindLatest\":" + input.millisBehindLatest());
        pieces.add(",\"jsonRecords\":[");
        String start = "[\"";
        for (KinesisClientRecord record : input.records()) {
            pieces.add(start);
            pieces.add(ByteBuffer.wrap(STRINGS.quoteAsUTF8(record.sequenceNumber())));
            pieces.add("\",");
            pieces.add(record.data());
            pieces.add("]");
            start = ",[\"";
        }
        pieces.add("]}\n");
        pieces.flush();
    }

    /** Collects what is written, so that it goes through the pipe in few pieces. */
    private static final class Pieces {
        private final OutputStream stream;
        private final byte[] piece = new byte[PIECE_BYTES];
        private int count;

        Pieces(OutputStream stream) {
            this.stream = stream;
        }

        void add(String text) throws IOException {
            add(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
        }

        void add(ByteBuffer bytes) throws IOException {
            for (int from = bytes.position(), end = bytes.limit(); from < end; ) {
                if (count == piece.length) {
                    write();
                }
                int part = Math.min(end - from, piece.length - count);
                bytes.get(from, piece, count, part);
                count += part;
                from += part;
            }
        }

        private void write() throws IOException {
            stream.write(piece, 0, count);
            count = 0;
        }

        void flush() throws IOException {
            write();
            stream.flush();
        }
    }
}
