package recordprocessor.records;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.zip.CRC32;
import java.util.zip.GZIPInputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MarkerFactory;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttribute;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.dynamodb.model.GetRecordsRequest;

/**
 * Takes the records out of the responses to {@link GetRecordsBody}'s requests, and leaves the rest to the SDK.
 *
 * <p>What is not as it should be, from a checksum to an unknown field, is left to the SDK as it came: it reads it, or
 * has the error for it, as if this class were not there.
 */
public final class BodyReader implements ExecutionInterceptor {
    private static final Logger LOG = LoggerFactory.getLogger(BodyReader.class);
    private static final ExecutionAttribute<InputStream> CONTENT = new ExecutionAttribute<>("GetRecordsContent");
    private static final int OK = 200;
    private static final String CHECKSUM = "x-amz-crc32";
    private static final String ENCODING = "Content-Encoding";
    private static final String LENGTH = "Content-Length";
    private static final String GZIP = "gzip";
    // DynamoDB's responses have 1 MB at most, and JSON around it.
    private static final int MOST_EXPECTED_BYTES = 1 << 24;
    private static final int PIECE_BYTES = 1 << 16;
    private static final int MOST_REASONS = 100;

    private final Predicate<String> leftToSdk;
    private final Set<String> saidReasons = ConcurrentHashMap.newKeySet();

    /** @param leftToSdk whether somebody else needs the SDK's objects of the records at an iterator */
    public BodyReader(Predicate<String> leftToSdk) {
        this.leftToSdk = leftToSdk;
    }

    @Override
    public SdkHttpResponse modifyHttpResponse(Context.ModifyHttpResponse context, ExecutionAttributes attributes) {
        SdkHttpResponse response = context.httpResponse();
        Optional<GetRecordsBody> wanted = GetRecordsBody.of(attributes);
        attributes.putAttribute(CONTENT, null);
        if (wanted.isEmpty() || !(context.request() instanceof GetRecordsRequest request)) {
            return response;
        }
        wanted.get().set(null);
        Optional<InputStream> content = context.responseBody();
        if (response.statusCode() != OK || content.isEmpty() || leftToSdk.test(request.shardIterator())) {
            return response;
        }
        return taken(response, content.get(), wanted.get(), attributes);
    }

    private SdkHttpResponse taken(
            SdkHttpResponse response, InputStream content, GetRecordsBody wanted, ExecutionAttributes attributes) {
        ReadBytes body = ReadBytes.of(content, expectedBytes(response));
        Optional<RecordPage> page = body.isWhole() ? page(response, body) : Optional.empty();
        if (page.isEmpty()) {
            attributes.putAttribute(CONTENT, body.again());
            return response;
        }
        wanted.set(page.get());
        attributes.putAttribute(CONTENT, new ByteArrayInputStream(page.get().rest()));
        return response.toBuilder()
                .removeHeader(CHECKSUM)
                .removeHeader(ENCODING)
                .removeHeader(LENGTH)
                .build();
    }

    @Override
    public Optional<InputStream> modifyHttpResponseContent(
            Context.ModifyHttpResponse context, ExecutionAttributes attributes) {
        InputStream content = attributes.getAttribute(CONTENT);
        return content == null ? context.responseBody() : Optional.of(content);
    }

    private Optional<RecordPage> page(SdkHttpResponse response, ReadBytes body) {
        try {
            if (!response.firstMatchingHeader(CHECKSUM).map(body::hasChecksum).orElse(true)) {
                return Optional.empty(); // the SDK finds that too
            }
            Optional<String> encoding = response.firstMatchingHeader(ENCODING);
            if (encoding.isEmpty()) {
                return Optional.of(RecordPage.read(body.terminated()));
            }
            if (encoding.get().equals(GZIP)) {
                return Optional.of(RecordPage.read(body.unzipped().terminated()));
            }
            throw new UnknownShapeException("an unknown Content-Encoding");
        } catch (UnknownShapeException error) {
            say(error);
        } catch (IOException | NumberFormatException error) {
            LOG.debug("a response that the SDK cannot read either", error);
        }
        return Optional.empty();
    }

    private void say(UnknownShapeException error) {
        if (saidReasons.size() < MOST_REASONS && saidReasons.add(error.getMessage())) {
            LOG.atInfo()
                    .addMarker(MarkerFactory.getMarker("records.parsed"))
                    .addKeyValue("reason", error.getMessage())
                    .log("DynamoDB's response has something unknown to this version: the SDK reads such responses, which"
                            + " takes more time and changes nothing else");
        }
    }

    private static int expectedBytes(SdkHttpResponse response) {
        try {
            return response.firstMatchingHeader(LENGTH).map(Integer::parseInt).orElse(PIECE_BYTES);
        } catch (NumberFormatException error) {
            return PIECE_BYTES;
        }
    }

    /** Bytes of a stream, and the error that ended it. */
    private static final class ReadBytes {
        private byte[] bytes;
        private int count;
        private IOException error;

        static ReadBytes of(InputStream source, int expected) {
            ReadBytes read = new ReadBytes();
            read.bytes = new byte[Math.max(0, Math.min(expected, MOST_EXPECTED_BYTES)) + 1];
            try (source) {
                read.fill(source);
            } catch (IOException error) {
                read.error = error;
            }
            return read;
        }

        private void fill(InputStream source) throws IOException {
            for (int got = 0; got >= 0; got = source.read(bytes, count, bytes.length - count)) {
                count += got;
                if (count == bytes.length) {
                    bytes = Arrays.copyOf(bytes, count + Math.max(count, PIECE_BYTES));
                }
            }
        }

        boolean isWhole() {
            return error == null;
        }

        boolean hasChecksum(String expected) {
            CRC32 sum = new CRC32();
            sum.update(bytes, 0, count);
            return sum.getValue() == Long.parseLong(expected);
        }

        ReadBytes unzipped() throws IOException {
            ReadBytes read = of(new GZIPInputStream(new ByteArrayInputStream(bytes, 0, count)), count * 4);
            if (read.error != null) {
                throw read.error;
            }
            return read;
        }

        /** The bytes, followed by one byte 0. */
        byte[] terminated() {
            // Space for one more is left by reading until the end.
            return bytes.length == count + 1 ? bytes : Arrays.copyOf(bytes, count + 1);
        }

        /** What the stream gave, its error included. */
        InputStream again() {
            InputStream read = new ByteArrayInputStream(bytes, 0, count);
            return error == null ? read : new SequenceInputStream(read, new Broken(error));
        }
    }

    private static final class Broken extends InputStream {
        private final IOException error;

        Broken(IOException error) {
            this.error = error;
        }

        @Override
        public int read() throws IOException {
            throw error;
        }
    }
}
