package recordprocessor.kclpatches;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KclPatchTest {
    private static final Path DOCUMENT = Path.of("../docs/how-to/upgrade-kcl.md");

    @Test
    void everyPrivateFieldThatAPatchNeedsIsThereInThisKcl() throws Exception {
        List<KclField<?>> fields = new ArrayList<>();
        for (JavaClass one : new ClassFileImporter().importPackages("recordprocessor.kclpatches")) {
            for (JavaField constant : one.getFields()) {
                if (constant.getRawType().isEquivalentTo(KclField.class)
                        && constant.getModifiers().contains(JavaModifier.STATIC)) {
                    Field reflected = constant.reflect();
                    reflected.setAccessible(true);
                    fields.add((KclField<?>) reflected.get(null));
                }
            }
        }
        assertTrue(fields.size() > 20, "only " + fields.size() + " constants found");
        for (KclField<?> field : fields) {
            assertDoesNotThrow(field::find, field::toString);
        }
    }

    @Test
    void theWayToMakeALeaderDeciderIsThereInThisKcl() throws Exception {
        assertNotNull(LeaderLock.create());
    }

    @ParameterizedTest
    @EnumSource
    void aPatchIsCalledAsItsClassAndSaysWhatHappensWithoutIt(KclPatch patch) {
        assertDoesNotThrow(() -> Class.forName("recordprocessor.kclpatches." + patch.patchName()));
        assertTrue(patch.symptom().length() > 20, patch.symptom());
        assertTrue(patch.versions().matches("all|(adapter )?before \\d+\\.\\d+(\\.\\d+)?"), patch.versions());
    }

    /** name, versions and symptom of each row that begins with a patch. */
    private static Map<String, List<String>> documented() throws Exception {
        Map<String, List<String>> rows = new TreeMap<>();
        for (String line : Files.readAllLines(DOCUMENT)) {
            String[] cells = line.split(" *\\| *");
            if (cells.length >= 4 && cells[1].matches("`\\w+`")) {
                rows.putIfAbsent(cells[1].replace("`", ""), List.of(cells[2], cells[3]));
            }
        }
        return rows;
    }

    @ParameterizedTest
    @EnumSource
    void thePatchIsInTheDocumentsTable(KclPatch patch) throws Exception {
        assertEquals(List.of(patch.versions(), patch.symptom()), documented().get(patch.patchName()));
    }

    @Test
    void aPatchThatDoesNotFitLeavesTheWorkerRunning() {
        assertDoesNotThrow(() -> KclPatch.EVEN_LEASES.apply(() -> {
            throw new NoSuchFieldException("gone");
        }));
        assertDoesNotThrow(() -> KclPatch.EVEN_LEASES.apply(() -> {
            throw new NoClassDefFoundError("gone");
        }));
    }
}
