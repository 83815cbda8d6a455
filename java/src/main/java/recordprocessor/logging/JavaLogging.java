package recordprocessor.logging;

import java.text.MessageFormat;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends what is logged through {@code java.util.logging} (parts of the adapter do so) to where all other log lines go.
 */
public final class JavaLogging extends Handler {
    private JavaLogging() {}

    public static void toSlf4j() {
        LogManager.getLogManager().reset();
        Logger.getLogger("").addHandler(new JavaLogging());
    }

    @Override
    public void publish(LogRecord entry) {
        org.slf4j.Logger target = LoggerFactory.getLogger(String.valueOf(entry.getLoggerName()));
        int level = entry.getLevel().intValue();
        if (level >= Level.SEVERE.intValue()) {
            target.error(message(entry), entry.getThrown());
        } else if (level >= Level.WARNING.intValue()) {
            target.warn(message(entry), entry.getThrown());
        } else if (level >= Level.INFO.intValue()) {
            target.info(message(entry), entry.getThrown());
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}

    private static String message(LogRecord entry) {
        Object[] parameters = entry.getParameters();
        boolean plain = parameters == null || parameters.length == 0;
        return plain ? entry.getMessage() : MessageFormat.format(entry.getMessage(), parameters);
    }
}
