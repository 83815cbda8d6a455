import java.util.Arrays;
import java.util.List;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;

/** Asks the SDK's default chain once per argument, {@code name|property=value|…}, and prints {@code name=access key}. */
final class PrintCredentials {
    public static void main(String[] arguments) {
        for (String argument : arguments) {
            List<String> parts = Arrays.asList(argument.split("\\|"));
            List<String[]> properties =
                    parts.stream().skip(1).map(part -> part.split("=", 2)).toList();
            properties.forEach(pair -> System.setProperty(pair[0], pair[1]));
            try (DefaultCredentialsProvider chain = DefaultCredentialsProvider.builder().build()) {
                System.out.println(parts.get(0) + "=" + chain.resolveCredentials().accessKeyId());
            } catch (RuntimeException error) {
                System.out.println(parts.get(0) + "=" + error.getMessage());
            }
            properties.forEach(pair -> System.clearProperty(pair[0]));
        }
        System.exit(0);
    }
}
