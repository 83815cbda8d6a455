package recordprocessor.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JvmReportTest {
    @Test
    void itSaysHowTheJvmDoesAndWhatTheWorkerKnows(@TempDir Path folder) throws Exception {
        long before = System.currentTimeMillis();
        new JvmReport(folder, () -> Map.of("leasesHeld", 3)).write();
        JsonNode said = new ObjectMapper().readTree(Files.readAllBytes(folder.resolve("jvm.json")));
        assertEquals(3, said.get("leasesHeld").asInt());
        assertTrue(said.get("at").asDouble() * 1000 >= before);
        assertEquals("heap", said.get("memory").get(0).get("area").asText());
        assertTrue(said.get("memory").get(0).get("used").asLong() > 0);
        assertTrue(said.get("collectors").size() > 0);
        assertTrue(said.get("threads").asInt() > 0);
        assertFalse(Files.exists(folder.resolve("jvm.json.new")));
    }

    @Test
    void aFolderThatIsGoneEndsNothing(@TempDir Path folder) {
        new JvmReport(folder.resolve("absent"), Map::of).write();
    }
}
