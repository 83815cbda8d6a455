package recordprocessor.records;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.amazonaws.services.dynamodbv2.streamsadapter.AmazonDynamoDBStreamsAdapterClient;
import com.amazonaws.services.dynamodbv2.streamsadapter.adapter.DynamoDBStreamsGetRecordsResponseAdapter;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The records' own bytes, compared with what the adapter makes of the same response. */
class StreamsClientTest {
    private static final int PAGES = 3000;
    // One for all, as in a worker: it says each reason once.
    private static final BodyReader READER = new BodyReader(iterator -> false);
    private static final String RECORD =
            """
            {"eventID":"1","eventName":"REMOVE","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"us-west-2",
             "dynamodb":{"ApproximateCreationDateTime":1480642020,"Keys":{"id":{"S":"a"}},"SequenceNumber":"1",
              "SizeBytes":3,"StreamViewType":"NEW_AND_OLD_IMAGES","OldImage":{"id":{"S":"a"}}},
             "userIdentity":{"PrincipalId":"dynamodb.amazonaws.com","Type":"Service"}}""";
    private static final String PAGE = "{\"Records\":[" + RECORD + "],\"NextShardIterator\":\"next\"}";

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static AmazonDynamoDBStreamsAdapterClient ours(FakeStreams http) {
        return new StreamsClient(http.client(READER), FakeStreams.REGION);
    }

    private static AmazonDynamoDBStreamsAdapterClient adapters(FakeStreams http) {
        return new AmazonDynamoDBStreamsAdapterClient(http.client(), FakeStreams.REGION);
    }

    private static void assertSameOutcome(Supplier<FakeStreams> http, String message) throws Exception {
        Outcome theirs = Outcome.of(adapters(http.get()));
        Outcome found = Outcome.of(ours(http.get()));
        assertEquals(theirs.error(), found.error(), message);
        assertEquals(theirs.others(), found.others(), message);
        assertEquals(theirs.records(), found.records(), message);
        assertEquals(theirs.keys(), found.keys(), message);
    }

    private static boolean isTaken(byte... body) {
        try {
            RecordPage.read(Arrays.copyOf(body, body.length + 1));
            return true;
        } catch (UnknownShapeException error) {
            return false;
        }
    }

    @Test
    void theRecordsOfAnyResponseAreTheAdapters() throws Exception {
        for (long seed = 0; seed < PAGES; seed++) {
            byte[] body = new RandomPage(seed).body();
            String message = "seed " + seed + ": " + new String(body, StandardCharsets.UTF_8);
            assertTrue(isTaken(body), message);
            assertSameOutcome(() -> new FakeStreams(body), message);
        }
    }

    @Test
    void aDamagedResponseHasTheOutcomeThatTheSdkGivesIt() throws Exception {
        for (long seed = 0; seed < PAGES; seed++) {
            Random random = new Random(seed);
            byte[] body = damaged(new RandomPage(seed).body(), random);
            assertSameOutcome(
                    () -> new FakeStreams(body), "seed " + seed + ": " + new String(body, StandardCharsets.UTF_8));
        }
    }

    private static byte[] damaged(byte[] body, Random random) {
        int place = random.nextInt(body.length);
        return switch (random.nextInt(3)) {
            case 0 -> Arrays.copyOf(body, place);
            case 1 -> without(body, place);
            default -> {
                byte[] changed = body.clone();
                changed[place] = (byte) "\"\\{}[],:0aS\u0000\u00ff \n".charAt(random.nextInt(15));
                yield changed;
            }
        };
    }

    private static byte[] without(byte[] body, int place) {
        byte[] shorter = Arrays.copyOf(body, body.length - 1);
        System.arraycopy(body, place + 1, shorter, place, shorter.length - place);
        return shorter;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"Records\":[],\"Records\":[]}",
                "{\"Records\":null}",
                "{\"Records\":[],\"NewField\":1}",
                "{\"Records\":[]} {}",
                "{}",
                ""
            })
    void responsesOfAnotherShapeHaveTheOutcomeThatTheSdkGivesThem(String body) throws Exception {
        assertSameOutcome(() -> new FakeStreams(utf8(body)), body);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"eventName\":\"REMOVE\" > \"eventName\":\"TTL_REMOVE\"",
                "\"eventName\":\"REMOVE\", > ",
                "\"eventID\":\"1\" > \"eventID\":null",
                "\"eventID\":\"1\" > \"newField\":{},\"eventID\":\"1\"",
                "1480642020 > -1",
                "1480642020 > 1480642020.1234",
                "1480642020 > 1E400",
                "\"SizeBytes\":3 > \"SizeBytes\":3.0",
                "\"SizeBytes\":3 > \"SizeBytes\":null",
                "\"StreamViewType\":\"NEW_AND_OLD_IMAGES\" > \"StreamViewType\":\"NEW\"",
                "\"OldImage\":{\"id\":{\"S\":\"a\"}} > \"OldImage\":{\"id\":{\"X\":\"a\"}}",
                "\"OldImage\":{\"id\":{\"S\":\"a\"}} > \"OldImage\":{\"id\":{\"S\":\"a\",\"N\":\"1\"}}",
                "\"OldImage\":{\"id\":{\"S\":\"a\"}} > \"OldImage\":{\"id\":{}}",
                "\"OldImage\":{\"id\":{\"S\":\"a\"}} > \"OldImage\":{\"id\":{\"B\":\"a\"}}",
                "\"OldImage\":{\"id\":{\"S\":\"a\"}} > \"OldImage\":{\"id\":{\"B\":\"/x==\"}}",
                "\"OldImage\":{\"id\":{\"S\":\"a\"}} > \"OldImage\":{\"id\":{\"S\":\"\\ud83d\"}}",
                "\"PrincipalId\" > \"principalId\""
            })
    void recordsOfAnotherShapeAreReadByTheSdk(String replacement) throws Exception {
        String[] parts = replacement.split(" > ", -1);
        byte[] body = utf8(PAGE.replace(parts[0], parts[1]));
        assertFalse(isTaken(body));
        assertSameOutcome(() -> new FakeStreams(body), replacement);
    }

    @Test
    void aRightChecksumIsFine() throws Exception {
        byte[] body = utf8(PAGE);
        assertSameOutcome(() -> new FakeStreams(body).header("x-amz-crc32", checksum(body)), "checksum");
        assertEquals(1, Outcome.of(ours(new FakeStreams(body).header("x-amz-crc32", checksum(body)))).records().size());
    }

    @Test
    void aWrongChecksumIsTheSdksError() throws Exception {
        Supplier<FakeStreams> http = () -> new FakeStreams(utf8(PAGE)).header("x-amz-crc32", "1");
        assertSameOutcome(http, "wrong checksum");
        assertTrue(Outcome.of(ours(http.get())).error() != null);
    }

    @Test
    void aCompressedResponseIsUnpacked() throws Exception {
        ByteArrayOutputStream zipped = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(zipped)) {
            zip.write(utf8(PAGE));
        }
        byte[] body = zipped.toByteArray();
        Supplier<FakeStreams> http = () ->
                new FakeStreams(body).header("Content-Encoding", "gzip").header("x-amz-crc32", checksum(body));
        assertSameOutcome(http, "gzip");
        assertEquals(1, Outcome.of(ours(http.get())).records().size());
        byte[] half = Arrays.copyOf(body, body.length / 2);
        assertSameOutcome(() -> new FakeStreams(half).header("Content-Encoding", "gzip"), "half of a gzip");
    }

    private static String checksum(byte... body) {
        CRC32 sum = new CRC32();
        sum.update(body);
        return String.valueOf(sum.getValue());
    }

    @Test
    void aConnectionThatBreaksIsTheSdksError() throws Exception {
        InputStream broken = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("reset");
            }
        };
        Supplier<FakeStreams> http = () -> new FakeStreams(
                200, new SequenceInputStream(new ByteArrayInputStream(utf8(PAGE), 0, 20), broken));
        assertSameOutcome(http, "broken connection");
        assertTrue(Outcome.of(ours(http.get())).error() != null);
    }

    @Test
    void errorsOfDynamoDbStayErrors() throws Exception {
        byte[] body = utf8("{\"__type\":\"com.amazonaws.dynamodb.v20120810#ExpiredIteratorException\",\"message\":\"old\"}");
        assertSameOutcome(() -> new FakeStreams(400, new ByteArrayInputStream(body)), "error");
    }

    @Test
    void aDeletionByTtlSaysSoInTheAdaptersWords() throws Exception {
        JsonNode record = Outcome.of(ours(new FakeStreams(utf8(PAGE)))).records().get(0);
        assertEquals("dynamodb.amazonaws.com", record.at("/userIdentity/principalId").textValue());
        assertEquals(1_480_642_020_000L, record.at("/dynamodb/ApproximateCreationDateTime").longValue());
    }

    @Test
    void whatAnotherNeedsAsObjectsIsLeftToTheSdk() throws Exception {
        List<Integer> seen = new ArrayList<>();
        FakeStreams http = new FakeStreams(utf8(PAGE));
        BodyReader reader = new BodyReader(iterator -> {
            seen.add(iterator.length());
            return true;
        });
        assertEquals(1, http.client(reader).getRecords(request -> request.shardIterator("i0")).records().size());
        AmazonDynamoDBStreamsAdapterClient client =
                new StreamsClient(new FakeStreams(utf8(PAGE)).client(reader), FakeStreams.REGION);
        assertEquals(1, Outcome.of(client).records().size());
        assertEquals(List.of(2), seen);
    }

    @Test
    void recordsAreMadeOnce() throws Exception {
        for (String body : List.of(PAGE, PAGE.replace("\"REMOVE\"", "\"TTL_REMOVE\""))) {
            DynamoDBStreamsGetRecordsResponseAdapter response = Outcome.response(ours(new FakeStreams(utf8(body))));
            assertSame(response.records(), response.records());
            assertTrue(response.millisBehindLatest() > 0);
        }
    }

    @Test
    void aResponseWithoutRecordsIsNotBehind() throws Exception {
        DynamoDBStreamsGetRecordsResponseAdapter response =
                Outcome.response(ours(new FakeStreams(utf8("{\"Records\":[],\"NextShardIterator\":\"n\"}"))));
        assertEquals(null, response.millisBehindLatest());
        assertEquals("n", response.nextShardIterator());
        assertEquals(List.of(), response.records());
    }
}
