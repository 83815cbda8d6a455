package recordprocessor.records;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import software.amazon.awssdk.services.kinesis.model.EncryptionType;
import software.amazon.kinesis.retrieval.KinesisClientRecord;

/**
 * What a response of GetRecords contains, with each record's bytes in place of the SDK's objects.
 *
 * <p>A record's bytes are the JSON that the adapter would make of the SDK's objects, but for the order of the fields,
 * images that are missing instead of empty, and how strings are escaped outside of keys. DynamoDB's own differ from it
 * in three points: the time is in seconds, whoever deleted an item is written with capitals, and keys may be written in
 * several ways.
 *
 * @param records as KCL takes them
 * @param rest the response without its records, for the SDK
 */
record RecordPage(List<KinesisClientRecord> records, byte[] rest) {
    private static final byte[][] RESPONSE = names("Records", "NextShardIterator");
    private static final byte[][] RECORD = names(
            "eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "dynamodb", "userIdentity");
    private static final byte[][] CHANGE = names(
            "ApproximateCreationDateTime",
            "Keys",
            "NewImage",
            "OldImage",
            "SequenceNumber",
            "SizeBytes",
            "StreamViewType");
    private static final byte[][] EVENTS = names("INSERT", "MODIFY", "REMOVE");
    private static final byte[][] VIEWS = names("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES");
    private static final byte[][] IDENTITY = names("PrincipalId", "Type");
    private static final byte[][] IDENTITY_OF_ADAPTER = names("\"principalId\"", "\"type\"");
    // eventID, eventName and dynamodb; of the change all but images and size.
    private static final int RECORD_NEEDS = 0b0100011;
    private static final int CHANGE_NEEDS = 0b1010011;
    private static final int MOST_DIGITS = 11;
    private static final int MILLIS = 1000;
    private static final int MOST_DECIMALS = 3;
    private static final int MOST_TIME_CHARACTERS = 24;
    private static final Pattern NUMBER = Pattern.compile("(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d{1,2})?");
    private static final int MOST_SEQUENCE_DIGITS = 60;

    private static byte[][] names(String... names) {
        return Arrays.stream(names).map(CompactJson::ascii).toArray(byte[][]::new);
    }

    /** @param body the response's body, followed by one byte 0 */
    static RecordPage read(byte[] body) throws UnknownShapeException {
        return new Reader(body).page();
    }

    /** When the last record was made; null without records. */
    Instant newest() {
        return records.isEmpty() ? null : records.get(records.size() - 1).approximateArrivalTimestamp();
    }

    private static final class Reader {
        private final CompactJson json;
        private final AttributeValues values;
        private final List<KinesisClientRecord> records = new ArrayList<>();
        private String iterator = "";
        private String sequenceNumber;
        private long createdMillis;

        Reader(byte[] body) {
            json = new CompactJson(body);
            values = new AttributeValues(json);
        }

        RecordPage page() throws UnknownShapeException {
            object(RESPONSE, this::ofResponse, "an unknown field of the response");
            json.end();
            return new RecordPage(records, ("{\"Records\":[]" + iterator + "}").getBytes(CompactJson.CHARSET));
        }

        private interface Field {
            void read(int field) throws UnknownShapeException;
        }

        /** Reads an object with these fields only, and each once at most; returns which there were, as bits. */
        private int object(byte[][] names, Field field, String otherwise) throws UnknownShapeException {
            return object(names, null, field, otherwise);
        }

        private int object(byte[][] names, byte[][] renamed, Field field, String otherwise)
                throws UnknownShapeException {
            int seen = 0;
            json.take('{');
            if (json.takes('}')) {
                return seen;
            }
            do {
                int found = json.oneOf(names);
                if (found < 0) {
                    throw new UnknownShapeException(otherwise);
                }
                if ((seen & 1 << found) != 0) {
                    throw new UnknownShapeException("a field that is there twice");
                }
                seen |= 1 << found;
                if (renamed != null) {
                    json.replaceString(renamed[found]);
                }
                json.take(':');
                field.read(found);
            } while (json.goesOn('}'));
            return seen;
        }

        private void ofResponse(int field) throws UnknownShapeException {
            if (field == 0) {
                records();
            } else if (!json.isNull()) {
                int start = json.string();
                iterator = ",\"NextShardIterator\":\"" + json.ascii(start, json.position());
            }
        }

        private void records() throws UnknownShapeException {
            json.take('[');
            if (json.takes(']')) {
                return;
            }
            do {
                json.beginPart();
                record();
            } while (json.goesOn(']'));
        }

        private void record() throws UnknownShapeException {
            int seen = object(RECORD, this::ofRecord, "an unknown field of a record");
            if ((seen & RECORD_NEEDS) != RECORD_NEEDS) {
                throw new UnknownShapeException("a record without a field that all have");
            }
            // The same values as the adapter's.
            records.add(KinesisClientRecord.builder()
                    .sequenceNumber(sequenceNumber)
                    .approximateArrivalTimestamp(Instant.ofEpochMilli(createdMillis))
                    .data(ByteBuffer.wrap(json.part()))
                    .partitionKey(sequenceNumber)
                    .encryptionType(EncryptionType.NONE)
                    .build());
        }

        private void ofRecord(int field) throws UnknownShapeException {
            switch (field) {
                case 1 -> known(EVENTS, "an unknown eventName");
                case 5 -> change();
                case 6 -> object(
                        IDENTITY, IDENTITY_OF_ADAPTER, one -> json.string(), "an unknown field of userIdentity");
                default -> json.string();
            }
        }

        private void change() throws UnknownShapeException {
            int seen = object(CHANGE, this::ofChange, "an unknown field of a record's dynamodb");
            if ((seen & CHANGE_NEEDS) != CHANGE_NEEDS) {
                throw new UnknownShapeException("a record without a field that all have");
            }
        }

        private void ofChange(int field) throws UnknownShapeException {
            switch (field) {
                case 0 -> created();
                case 1 -> values.keys();
                case 2, 3 -> values.item();
                case 4 -> sequenceNumber();
                case 5 -> size();
                default -> known(VIEWS, "an unknown StreamViewType");
            }
        }

        /** The adapter's form is in milliseconds. */
        private void created() throws UnknownShapeException {
            String seconds = json.number();
            createdMillis = millis(seconds);
            json.replace(
                    json.position() - seconds.length(), json.position(), CompactJson.ascii(Long.toString(createdMillis)));
        }

        private static long millis(String seconds) throws UnknownShapeException {
            if (isInteger(seconds) && seconds.length() <= MOST_DIGITS) {
                return Long.parseLong(seconds) * MILLIS;
            }
            if (seconds.length() <= MOST_TIME_CHARACTERS && NUMBER.matcher(seconds).matches()) {
                BigDecimal exact = new BigDecimal(seconds);
                if (exact.precision() - exact.scale() <= MOST_DIGITS && exact.scale() <= MOST_DECIMALS) {
                    return exact.movePointRight(MOST_DECIMALS).longValueExact();
                }
            }
            throw new UnknownShapeException("an unknown form of time");
        }

        private void sequenceNumber() throws UnknownShapeException {
            int start = json.string();
            sequenceNumber = json.ascii(start, json.position() - 1);
            if (sequenceNumber.isEmpty() || sequenceNumber.length() > MOST_SEQUENCE_DIGITS || !isDigits(sequenceNumber)) {
                throw new UnknownShapeException("an unknown form of sequence number");
            }
        }

        private void size() throws UnknownShapeException {
            String size = json.number();
            if (size.length() > MOST_DIGITS || !isInteger(size)) {
                throw new UnknownShapeException("an unknown form of SizeBytes");
            }
        }

        private static boolean isInteger(String text) {
            return isDigits(text) && (text.charAt(0) != '0' || text.length() == 1);
        }

        private static boolean isDigits(String text) {
            return text.chars().allMatch(one -> one >= '0' && one <= '9');
        }

        private void known(byte[][] values, String otherwise) throws UnknownShapeException {
            if (json.oneOf(values) < 0) {
                throw new UnknownShapeException(otherwise);
            }
        }
    }
}
