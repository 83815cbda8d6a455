package recordprocessor.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A DynamoDB stream ARN and its two other forms: the one that the adapter accepts, and KCL's stream name.
 *
 * <p>DynamoDB Local names its region {@code ddblocal}, which the adapter rejects because it looks regions up in the
 * SDK's list. {@link #forAdapter} replaces it by a real region; an interceptor of the SDK puts {@code ddblocal} back
 * into each request.
 */
public record StreamArn(String text) {
    public static final String LOCAL_REGION = "ddblocal";

    private static final Pattern SHAPE = Pattern.compile(
            "arn:(?<partition>aws[^:]*):dynamodb:(?<region>[-a-z0-9]+):(?<account>[0-9]{12})"
                    + ":table/(?<table>[^/]+)/stream/(?<label>.+)");

    public StreamArn {
        if (!SHAPE.matcher(text).matches()) {
            throw new IllegalArgumentException("not a DynamoDB stream ARN: " + text);
        }
    }

    public boolean isLocal() {
        return part("region").equals(LOCAL_REGION);
    }

    /** Returns this ARN with the client's region in place of DynamoDB Local's {@code ddblocal}. */
    public StreamArn forAdapter(String clientRegion) {
        return isLocal() ? withRegion(clientRegion) : this;
    }

    public StreamArn withRegion(String region) {
        Matcher matcher = matcher();
        return new StreamArn(
                text.substring(0, matcher.start("region")) + region + text.substring(matcher.end("region")));
    }

    /**
     * Returns the stream's name in KCL: the adapter joins the parts with dollars, because colons separate parts of a
     * lease key.
     */
    public String kclStreamName() {
        return String.join("$", part("region"), part("account"), part("table"), part("label").replace(':', '_'));
    }

    public String table() {
        return part("table");
    }

    private String part(String name) {
        return matcher().group(name);
    }

    private Matcher matcher() {
        Matcher matcher = SHAPE.matcher(text);
        matcher.matches();
        return matcher;
    }
}
