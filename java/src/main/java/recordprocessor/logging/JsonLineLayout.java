package recordprocessor.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** One JSON object per line: the form in which every process of a worker passes its log to the Python parent. */
public final class JsonLineLayout extends LayoutBase<ILoggingEvent> {
    private final ObjectMapper json = new ObjectMapper();

    @Override
    public String doLayout(ILoggingEvent event) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("time", event.getTimeStamp() / 1000.0);
        line.put("level", level(event));
        // Our lines have their own event and fields; all others are KCL's.
        line.put("event", event.getMarkerList() == null ? "kcl" : event.getMarkerList().get(0).getName());
        line.put("message", event.getFormattedMessage());
        line.put("logger", event.getLoggerName());
        if (event.getKeyValuePairs() != null) {
            event.getKeyValuePairs().forEach(pair -> line.put(pair.key, pair.value));
        }
        if (event.getThrowableProxy() instanceof ThrowableProxy proxy) {
            explain(line, event, proxy.getThrowable());
        }
        return written(line) + "\n";
    }

    /**
     * One line for what is known to come from outside; for everything else the place in the code, which is then needed.
     */
    private static void explain(Map<String, Object> line, ILoggingEvent event, Throwable error) {
        Optional<KnownFailure> known = KnownFailure.of(error);
        if (known.isEmpty()) {
            line.put("traceback", ThrowableProxyUtil.asString(event.getThrowableProxy()));
            return;
        }
        String cause = Causes.of(error);
        String message = event.getFormattedMessage();
        String told = message.contains(cause) ? message : message + ": " + cause;
        line.put("message", told + " (" + known.get().remedy() + ")");
        if (event.getMarkerList() == null) {
            line.put("event", known.get().event());
        }
        if (known.get().passing() && event.getLevel() == Level.ERROR) {
            line.put("level", "warning");
        }
    }

    private static String level(ILoggingEvent event) {
        String level = event.getLevel().toString().toLowerCase();
        return level.equals("warn") ? "warning" : level;
    }

    private String written(Map<String, Object> line) {
        try {
            return json.writeValueAsString(line);
        } catch (JsonProcessingException error) {
            throw new IllegalStateException(error);
        }
    }
}
