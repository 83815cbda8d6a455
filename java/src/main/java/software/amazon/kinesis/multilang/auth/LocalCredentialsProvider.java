package software.amazon.kinesis.multilang.auth;

import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;

/**
 * Credentials for a local database, which wants a signature but does not check it.
 *
 * <p>KCL looks short provider names up in this package. The Python side knows the same name in {@code aws/clients.py}.
 */
public final class LocalCredentialsProvider implements AwsCredentialsProvider {
    @Override
    public AwsCredentials resolveCredentials() {
        return AwsBasicCredentials.create("local", "local");
    }
}
