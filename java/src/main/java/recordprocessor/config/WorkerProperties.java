package recordprocessor.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.Reader;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Properties;

/**
 * The properties that the Python side writes for this JVM in addition to those that KCL reads itself.
 *
 * <p>They are already checked: {@code record-processor check} reports users' errors before a JVM starts.
 */
public final class WorkerProperties {
    private final Properties properties;

    public WorkerProperties(Properties properties) {
        this.properties = properties;
    }

    public static WorkerProperties read(Path file) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        }
        return new WorkerProperties(properties);
    }

    /** The streams to read, as DynamoDB names them ({@code ddblocal} included). */
    public List<StreamArn> streamArns() {
        return Arrays.stream(required("streamArns").split(","))
                .map(String::strip)
                .map(StreamArn::new)
                .toList();
    }

    /** Whether leases are kept in KCL's multi-stream form, whatever the number of streams. */
    public boolean multiStream() {
        return required("streamMode").equals("multi");
    }

    /** The command of a shard process, word by word: KCL's own splitting breaks paths with spaces. */
    public List<String> shardProcessCommand() {
        return words("shardCommand");
    }

    /** The command of the process that forks shard processes; empty if each is started by its own command. */
    public Optional<List<String>> forkerCommand() {
        return properties.containsKey("forkerCommand") ? Optional.of(words("forkerCommand")) : Optional.empty();
    }

    private List<String> words(String key) {
        try {
            return List.of(new ObjectMapper().readValue(required(key), String[].class));
        } catch (JsonProcessingException error) {
            throw new IllegalArgumentException(key + " is not a JSON array of strings", error);
        }
    }

    /** Whether the shard process takes records as JSON in KCL's messages, or in base64 as KCL writes them. */
    public boolean recordsAsJson() {
        return required("recordEncoding").equals("json");
    }

    public Path leaseFilesDirectory() {
        return Path.of(required("leaseFilesDirectory"));
    }

    public String region() {
        return required("regionName");
    }

    public Optional<URI> streamsEndpoint() {
        return Optional.ofNullable(properties.getProperty("kinesisEndpoint")).map(URI::create);
    }

    /** Whether a shard whose next records are trimmed continues with the oldest one left, or waits. */
    public boolean goesOnAfterTrimmedData() {
        return required("trimmedData").equals("continue");
    }

    /** Whether leases are shared out evenly by number, or by traffic as KCL does it. */
    public boolean balancesByNumber() {
        return required("balanceLeasesBy").equals("number");
    }

    /** Whether somebody wants to know how this JVM does. */
    public boolean reportsItself() {
        return required("jvmReport").equals("on");
    }

    /** How long a shard process may owe an answer without a sign of life. */
    public long stuckAfterMillis() {
        return Long.parseLong(required("stuckAfterMillis"));
    }

    public int maxRecords() {
        return Integer.parseInt(required("maxRecords"));
    }

    public long idleTimeBetweenReadsInMillis() {
        return Long.parseLong(required("idleTimeBetweenReadsInMillis"));
    }

    private String required(String key) {
        String value = properties.getProperty(key);
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException("property " + key + " is missing");
        }
        return value.strip();
    }
}
