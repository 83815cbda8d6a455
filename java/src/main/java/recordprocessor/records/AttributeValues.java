package recordprocessor.records;

import java.util.Arrays;
import java.util.Base64;

/** Reads DynamoDB's attribute values, and is sure of their types. */
final class AttributeValues {
    // DynamoDB allows 32 levels.
    private static final int MOST_LEVELS = 64;
    private static final byte[][] NAMES =
            Arrays.stream(Type.values()).map(Type::name).map(CompactJson::ascii).toArray(byte[][]::new);
    private static final Type[] TYPES = Type.values();

    private enum Type {
        S,
        N,
        M,
        L,
        B,
        BOOL,
        NULL,
        SS,
        NS,
        BS
    }

    private final CompactJson json;

    AttributeValues(CompactJson json) {
        this.json = json;
    }

    void item() throws UnknownShapeException {
        item(0);
    }

    /** Reads keys; the same keys are the same bytes, however they were written. */
    void keys() throws UnknownShapeException {
        json.take('{');
        if (json.takes('}')) {
            return;
        }
        do {
            json.normalString();
            json.take(':');
            key();
        } while (json.goesOn('}'));
    }

    private void key() throws UnknownShapeException {
        json.take('{');
        Type type = type();
        json.take(':');
        switch (type) {
            case S, N -> json.normalString();
            case B -> binary();
            default -> throw new UnknownShapeException("a key that is neither S, N nor B");
        }
        json.take('}');
    }

    private void item(int level) throws UnknownShapeException {
        json.take('{');
        if (json.takes('}')) {
            return;
        }
        do {
            json.string();
            json.take(':');
            value(level);
        } while (json.goesOn('}'));
    }

    private Type type() throws UnknownShapeException {
        int type = json.oneOf(NAMES);
        if (type < 0) {
            throw new UnknownShapeException("an unknown type of attributes");
        }
        return TYPES[type];
    }

    private void value(int level) throws UnknownShapeException {
        json.take('{');
        Type type = type();
        json.take(':');
        switch (type) {
            case S, N -> json.string();
            case B -> binary();
            case BOOL, NULL -> json.truth();
            case M -> item(deeper(level));
            default -> list(type, deeper(level));
        }
        json.take('}');
    }

    private static int deeper(int level) throws UnknownShapeException {
        if (level == MOST_LEVELS) {
            throw new UnknownShapeException("an attribute with too many levels");
        }
        return level + 1;
    }

    private void list(Type type, int level) throws UnknownShapeException {
        json.take('[');
        if (json.takes(']')) {
            return;
        }
        do {
            switch (type) {
                case L -> value(level);
                case BS -> binary();
                default -> json.string();
            }
        } while (json.goesOn(']'));
    }

    /** Binary in the one form that the SDK would write again after it has read it. */
    private void binary() throws UnknownShapeException {
        int start = json.string();
        byte[] text = new byte[json.position() - 1 - start];
        json.bytes(start, json.position() - 1).get(text);
        try {
            if (Arrays.equals(text, Base64.getEncoder().encode(Base64.getDecoder().decode(text)))) {
                return;
            }
        } catch (IllegalArgumentException error) {
            // Said below.
        }
        throw new UnknownShapeException("binary that is no base64");
    }
}
