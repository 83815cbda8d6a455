package recordprocessor.records;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Responses of GetRecords as DynamoDB may write them: any order of fields, any white space, any way to escape. */
final class RandomPage {
    private static final String[] CHARACTERS = {
        "a", "Z", "0", " ", "\"", "\\", "/", "\b", "\f", "\n", "\r", "\t", "\u0000", "\u001f", "\u007f", "é", "\u2028", "€", "😀", "\uffff"
    };
    private static final int DEEPEST = 3;

    private final Random random;
    private final boolean spaced;
    private final boolean escaping;

    RandomPage(long seed) {
        random = new Random(seed);
        spaced = random.nextBoolean();
        escaping = random.nextInt(3) == 0;
    }

    byte[] body() {
        List<String> fields = new ArrayList<>();
        fields.add(field("Records", list(random.nextInt(4), this::record)));
        switch (random.nextInt(4)) {
            case 0 -> {}
            case 1 -> fields.add(field("NextShardIterator", "null"));
            default -> fields.add(field("NextShardIterator", text()));
        }
        return (space() + object(fields) + space()).getBytes(StandardCharsets.UTF_8);
    }

    private String record() {
        String event = one("INSERT", "MODIFY", "REMOVE");
        List<String> fields = new ArrayList<>(List.of(
                field("eventID", text()),
                field("eventName", "\"" + event + "\""),
                field("eventVersion", "\"1.1\""),
                field("eventSource", "\"aws:dynamodb\""),
                field("awsRegion", "\"us-west-2\""),
                field("dynamodb", change())));
        if (random.nextInt(4) == 0) {
            fields.add(field("userIdentity", object(new ArrayList<>(List.of(
                    field("PrincipalId", text()), field("Type", "\"Service\""))))));
        }
        return object(fields);
    }

    private String change() {
        List<String> fields = new ArrayList<>(List.of(
                field("ApproximateCreationDateTime", time()),
                field("Keys", keys()),
                field("SequenceNumber", "\"" + (1 + random.nextInt(9)) + random.nextInt(1 << 20) + "\""),
                field("SizeBytes", String.valueOf(random.nextInt(400_000))),
                field("StreamViewType", "\"" + one("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES") + "\"")));
        for (String image : List.of("NewImage", "OldImage")) {
            if (random.nextBoolean()) {
                fields.add(field(image, item(0)));
            }
        }
        return object(fields);
    }

    private String time() {
        long seconds = 1_000_000_000L + random.nextInt(1_000_000_000);
        return switch (random.nextInt(5)) {
            case 0 -> seconds + ".0";
            case 1 -> seconds + "." + random.nextInt(1000);
            case 2 -> seconds / 10 * 10 / 1e9 + "E9";
            default -> String.valueOf(seconds);
        };
    }

    private String keys() {
        Supplier<String> value = () -> object(new ArrayList<>(List.of(switch (random.nextInt(3)) {
            case 0 -> field("S", text());
            case 1 -> field("N", number());
            default -> field("B", binary());
        })));
        List<String> fields = new ArrayList<>(List.of(field(string("id" + characters()), value.get(), true)));
        if (random.nextBoolean()) {
            fields.add(field(string("sort" + characters()), value.get(), true));
        }
        return object(fields);
    }

    private String item(int depth) {
        List<String> fields = new ArrayList<>();
        for (int place = random.nextInt(4); place >= 0; place--) {
            fields.add(field(string(place + characters()), value(depth), true));
        }
        return object(fields);
    }

    private String value(int depth) {
        String typed = switch (random.nextInt(depth < DEEPEST ? 10 : 8)) {
            case 0 -> field("S", text());
            case 1 -> field("N", number());
            case 2 -> field("B", binary());
            case 3 -> field("BOOL", String.valueOf(random.nextBoolean()));
            case 4 -> field("NULL", "true");
            case 5 -> field("SS", list(1 + random.nextInt(3), this::text));
            case 6 -> field("NS", list(1 + random.nextInt(3), this::number));
            case 7 -> field("BS", list(1 + random.nextInt(3), this::binary));
            case 8 -> field("M", random.nextInt(3) == 0 ? "{" + space() + "}" : item(depth + 1));
            default -> field("L", list(random.nextInt(3), () -> value(depth + 1)));
        };
        return object(new ArrayList<>(List.of(typed)));
    }

    private String number() {
        return "\"" + one("0", "-1", "12345678901234567890123456789012345678", "1E-130", "9.9E125", "0.10") + "\"";
    }

    private String binary() {
        byte[] bytes = new byte[random.nextInt(5)];
        random.nextBytes(bytes);
        return "\"" + Base64.getEncoder().encodeToString(bytes) + "\"";
    }

    private String text() {
        return string(characters());
    }

    private String characters() {
        return Stream.generate(() -> one(CHARACTERS)).limit(random.nextInt(6)).collect(Collectors.joining());
    }

    private String string(String content) {
        return "\"" + content.chars().mapToObj(unit -> written((char) unit)).collect(Collectors.joining()) + "\"";
    }

    private String written(char unit) {
        // A pair is escaped as a whole or not at all.
        boolean escaped = unit < ' ' || escaping && (Character.isSurrogate(unit) || random.nextInt(4) == 0);
        if (unit == '"' || unit == '\\') {
            return "\\" + unit;
        }
        if (unit == '/' && escaping) {
            return "\\/";
        }
        if (unit == '\n' && escaping) {
            return "\\n";
        }
        return escaped ? String.format("\\u%04" + (random.nextBoolean() ? "x" : "X"), (int) unit) : String.valueOf(unit);
    }

    private String list(int size, Supplier<String> element) {
        return Stream.generate(element).limit(size).collect(Collectors.joining(
                "," + space(), "[" + space(), space() + "]"));
    }

    private String object(List<String> fields) {
        Collections.shuffle(fields, random);
        return fields.stream().collect(Collectors.joining("," + space(), "{" + space(), space() + "}"));
    }

    private String field(String name, String value) {
        return field("\"" + name + "\"", value, true);
    }

    private String field(String quotedName, String value, boolean quoted) {
        return quotedName + space() + ":" + space() + value;
    }

    private String space() {
        return spaced ? one("", " ", "\n", "\t \r") : "";
    }

    private String one(String... of) {
        return Arrays.asList(of).get(random.nextInt(of.length));
    }
}
