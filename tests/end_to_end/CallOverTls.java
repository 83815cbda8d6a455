import java.net.URI;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;

/** Asks each address for its tables by both of the SDK's HTTP clients; prints what came: {@code CLIENT ADDRESS=ANSWER}. */
final class CallOverTls {
    private static final StaticCredentialsProvider CREDENTIALS =
            StaticCredentialsProvider.create(AwsBasicCredentials.create("id", "secret"));

    private interface Call {
        Object answer() throws Exception;
    }

    public static void main(String[] addresses) {
        for (String address : addresses) {
            URI endpoint = URI.create(address);
            print("netty " + address, () -> byNetty(endpoint));
            print("apache " + address, () -> byApache(endpoint));
        }
        System.exit(0);
    }

    private static void print(String name, Call call) {
        String answer;
        try {
            answer = call.answer().toString();
        } catch (Exception error) {
            answer = root(error).getClass().getSimpleName();
        }
        System.out.println(name + "=" + answer);
    }

    private static Throwable root(Throwable error) {
        return error.getCause() == null ? error : root(error.getCause());
    }

    private static Object byNetty(URI endpoint) {
        try (DynamoDbAsyncClient client = DynamoDbAsyncClient.builder()
                .endpointOverride(endpoint)
                .region(Region.US_EAST_1)
                .credentialsProvider(CREDENTIALS)
                .build()) {
            return client.listTables().join().tableNames();
        }
    }

    private static Object byApache(URI endpoint) {
        try (DynamoDbClient client = DynamoDbClient.builder()
                .endpointOverride(endpoint)
                .region(Region.US_EAST_1)
                .credentialsProvider(CREDENTIALS)
                .httpClientBuilder(ApacheHttpClient.builder())
                .build()) {
            return client.listTables().tableNames();
        }
    }
}
