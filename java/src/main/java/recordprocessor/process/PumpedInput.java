package recordprocessor.process;

import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;

/** Bytes that one thread reads while another provides them, until somebody says that there are no more. */
final class PumpedInput extends InputStream {
    // The provider waits then, and with it the process that writes.
    private static final int MOST_PIECES = 16;

    private final Deque<ByteBuffer> pieces = new ArrayDeque<>();
    private boolean over;

    synchronized void bring(byte[] piece) throws InterruptedException {
        while (pieces.size() >= MOST_PIECES && !over) {
            wait();
        }
        if (!over) {
            pieces.add(ByteBuffer.wrap(piece));
            notifyAll();
        }
    }

    /** What was provided before can still be read. */
    synchronized void end() {
        over = true;
        notifyAll();
    }

    @Override
    public synchronized int read(byte[] target, int offset, int length) throws InterruptedIOException {
        try {
            while (pieces.isEmpty() && !over) {
                wait();
            }
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException();
        }
        if (pieces.isEmpty()) {
            return -1;
        }
        int count = Math.min(length, pieces.peek().remaining());
        pieces.peek().get(target, offset, count);
        if (!pieces.peek().hasRemaining()) {
            pieces.remove();
            notifyAll();
        }
        return count;
    }

    @Override
    public int read() throws InterruptedIOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public synchronized int available() {
        return pieces.stream().mapToInt(ByteBuffer::remaining).sum();
    }
}
