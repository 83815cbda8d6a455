package recordprocessor;

import java.io.IOException;
import java.lang.reflect.Field;

/**
 * Starts DynamoDB Local on one address only, and ends with the process that started it.
 *
 * <p>DynamoDB Local itself listens on every address of the machine and has no option against it. Its classes are not
 * on the compile path (they are fetched when a user first wants them), so they are reached by name.
 *
 * <p>Arguments: the host to listen on, then DynamoDB Local's own.
 */
public final class LocalServer {
    private static final String RUNNER = "software.amazon.dynamodb.services.local.main.ServerRunner";

    private LocalServer() {}

    public static void main(String[] arguments) throws Exception {
        String[] own = java.util.Arrays.copyOfRange(arguments, 1, arguments.length);
        Object proxy = Class.forName(RUNNER)
                .getMethod("createServerFromCommandLineArgs", String[].class)
                .invoke(null, (Object) own);
        listenOn(arguments[0], proxy);
        proxy.getClass().getMethod("start").invoke(proxy);
        waitForParent();
        System.exit(0);
    }

    private static void listenOn(String host, Object proxy) throws ReflectiveOperationException {
        Field field = proxy.getClass().getDeclaredField("server");
        field.setAccessible(true);
        Object jetty = field.get(proxy);
        Object[] connectors = (Object[]) jetty.getClass().getMethod("getConnectors").invoke(jetty);
        connectors[0].getClass().getMethod("setHost", String.class).invoke(connectors[0], host);
    }

    private static void waitForParent() throws IOException {
        while (System.in.read() >= 0) {
            // Only the end of this stream says something.
        }
    }
}
