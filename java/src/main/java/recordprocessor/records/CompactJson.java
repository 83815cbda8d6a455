package recordprocessor.records;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads JSON once from the beginning to the end, and copies it without the white space between values.
 *
 * <p>The reader says what it expects; anything else is an {@link UnknownShapeException}. What it has read is copied
 * unless it is dropped or replaced. Nothing is decoded.
 */
final class CompactJson {
    /** Each byte is a character, and comes back as it was. */
    static final Charset CHARSET = StandardCharsets.ISO_8859_1;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CHECKED_CHARS = 4096;
    private static final int FIRST_COPY_BYTES = 4096;

    private final byte[] source;
    private final int length;
    private final byte[] trueText = ascii("true");
    private final byte[] falseText = ascii("false");
    private final byte[] nullText = ascii("null");

    private int position;
    private int stringStart;
    /** From here on, what is read is not yet copied. */
    private int uncopied;

    private byte[] copy;
    private int copied;
    private boolean escaped;
    private boolean beyondAscii;

    /** @param source its last byte is 0 and not part of the text, so that no look ahead needs a check */
    CompactJson(byte[] source) {
        this.source = source;
        this.length = source.length - 1;
        this.copy = new byte[FIRST_COPY_BYTES];
    }

    static byte[] ascii(String text) {
        return text.getBytes(CHARSET);
    }

    /** The byte that comes next, after white space. */
    byte next() {
        byte found = source[position];
        return found > ' ' || found < 0 ? found : afterSpace();
    }

    private byte afterSpace() {
        int end = position;
        while (isSpace(source[end])) {
            end++;
        }
        if (end > position) {
            replace(position, end);
            position = end;
        }
        return source[position];
    }

    private static boolean isSpace(byte one) {
        return one == ' ' || one == '\n' || one == '\r' || one == '\t';
    }

    void take(char expected) throws UnknownShapeException {
        if (next() != expected) {
            throw new UnknownShapeException("JSON that is broken, or of an unknown kind");
        }
        position++;
    }

    /** Takes a byte if it comes next; returns whether it did. */
    boolean takes(char possible) {
        if (next() != possible) {
            return false;
        }
        position++;
        return true;
    }

    /** Whether a list or an object that began goes on: takes a comma, or the end. */
    boolean goesOn(char end) throws UnknownShapeException {
        if (takes(end)) {
            return false;
        }
        take(',');
        return true;
    }

    /** Takes a string; returns where its content begins. It ends before {@link #position} minus one. */
    int string() throws UnknownShapeException {
        take('"');
        int start = position;
        stringStart = start;
        int at = start;
        escaped = false;
        for (byte one = source[at++]; one != '"'; one = source[at++]) {
            if (one == '\\') {
                at = escape(at);
            } else if (one < ' ') {
                if (one >= 0) {
                    throw new UnknownShapeException("JSON that is broken: a string without an end");
                }
                beyondAscii = true;
            }
        }
        position = at;
        return start;
    }

    private int escape(int at) throws UnknownShapeException {
        escaped = true;
        switch (source[at]) {
            case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
                return at + 1;
            case 'u':
                break;
            default:
                throw new UnknownShapeException("JSON that is broken: an unknown escape");
        }
        int unit = unit(at + 1);
        int after = at + 5;
        if (!Character.isSurrogate((char) unit)) {
            return after;
        }
        boolean paired = Character.isHighSurrogate((char) unit)
                && source[after] == '\\'
                && source[after + 1] == 'u'
                && Character.isLowSurrogate((char) unit(after + 2));
        if (!paired) {
            throw new UnknownShapeException("text that is not Unicode");
        }
        return after + 6;
    }

    private int unit(int at) throws UnknownShapeException {
        int value = 0;
        for (int place = at; place < at + 4; place++) {
            // The last byte of all is none of these, so nothing behind it is looked at.
            int digit = source[place] < 0 ? -1 : Character.digit(source[place], 16);
            if (digit < 0) {
                throw new UnknownShapeException("JSON that is broken: an unknown escape");
            }
            value = value << 4 | digit;
        }
        return value;
    }

    /** The same, written as the adapter writes it: equal texts are equal bytes. */
    void normalString() throws UnknownShapeException {
        int start = string();
        if (escaped) {
            try {
                String text = JSON.readValue(source, start - 1, position - start + 1, String.class);
                replaceString(JSON.writeValueAsString(text).getBytes(StandardCharsets.UTF_8));
            } catch (JsonProcessingException error) {
                throw new UnknownShapeException("a key that cannot be read");
            } catch (IOException error) {
                throw new AssertionError(error);
            }
        }
    }

    /** Takes a string that is one of these; returns which, or -1. */
    int oneOf(byte[][] names) throws UnknownShapeException {
        int start = string();
        int end = position - 1;
        for (int place = 0; place < names.length; place++) {
            byte[] name = names[place];
            if (name.length == end - start && Arrays.equals(source, start, end, name, 0, name.length)) {
                return place;
            }
        }
        return -1;
    }

    /** Takes true or false. */
    void truth() throws UnknownShapeException {
        if (!literal(trueText) && !literal(falseText)) {
            throw new UnknownShapeException("a BOOL or NULL that is neither true nor false");
        }
    }

    /** Takes null if it comes next; returns whether it did. */
    boolean isNull() {
        return literal(nullText);
    }

    private boolean literal(byte[] text) {
        next();
        int end = Math.min(position + text.length, length);
        if (!Arrays.equals(source, position, end, text, 0, text.length)) {
            return false;
        }
        position = end;
        return true;
    }

    /** Takes a number; returns its text. */
    String number() throws UnknownShapeException {
        next();
        int start = position;
        while (isOfNumber(source[position])) {
            position++;
        }
        if (position == start) {
            throw new UnknownShapeException("something else in place of a number");
        }
        return ascii(start, position);
    }

    private static boolean isOfNumber(byte one) {
        return one >= '0' && one <= '9' || one == '-' || one == '+' || one == '.' || one == 'e' || one == 'E';
    }

    /** What has been read between two positions, which is known to be ASCII. */
    String ascii(int start, int end) {
        return new String(source, start, end - start, CHARSET);
    }

    ByteBuffer bytes(int start, int end) {
        return ByteBuffer.wrap(source, start, end - start);
    }

    int position() {
        return position;
    }

    /** Copies something else in place of what was read between two positions, the last that was read. */
    void replace(int start, int end, byte... with) {
        append(source, uncopied, start);
        append(with, 0, with.length);
        uncopied = end;
    }

    /** Copies something else in place of the string that was read last. */
    void replaceString(byte... with) {
        replace(stringStart - 1, position, with);
    }

    /** Forgets what was copied: the next part begins here. */
    void beginPart() {
        next();
        copied = 0;
        uncopied = position;
    }

    /** What was read since the part began, without what was dropped. */
    byte[] part() {
        append(source, uncopied, position);
        uncopied = position;
        return Arrays.copyOf(copy, copied);
    }

    private void append(byte[] from, int start, int end) {
        int count = end - start;
        if (copied + count > copy.length) {
            copy = Arrays.copyOf(copy, Math.max(copy.length * 2, copied + count));
        }
        System.arraycopy(from, start, copy, copied, count);
        copied += count;
    }

    /** Checks that nothing follows, and that all text was Unicode. */
    void end() throws UnknownShapeException {
        next();
        if (position != length) {
            throw new UnknownShapeException("something behind the JSON");
        }
        if (beyondAscii && !isUtf8()) {
            throw new UnknownShapeException("text that is not Unicode");
        }
    }

    private boolean isUtf8() {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer rest = ByteBuffer.wrap(source, 0, length);
        CharBuffer chars = CharBuffer.allocate(CHECKED_CHARS);
        CoderResult result = CoderResult.OVERFLOW;
        while (result.isOverflow()) {
            chars.clear();
            result = decoder.decode(rest, chars, true);
        }
        return result.isUnderflow();
    }
}
