package recordprocessor.process;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/** Starts a shard process as a new program. */
public final class CommandStarter implements ProcessStarter {
    private final List<String> command;

    public CommandStarter(List<String> command) {
        this.command = List.copyOf(command);
    }

    @Override
    public Process start(Map<String, String> environment) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(environment);
        return builder.start();
    }
}
