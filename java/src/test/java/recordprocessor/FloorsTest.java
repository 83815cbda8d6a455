package recordprocessor;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.Timer;
import java.util.concurrent.ScheduledExecutorService;

/** Packages use only those below them; each floor names the floors that may use it. */
@AnalyzeClasses(
        packages = {"recordprocessor", "software.amazon.kinesis.multilang"},
        importOptions = {DoNotIncludeTests.class, FloorsTest.OnlyOurs.class})
class FloorsTest {
    /** KCL has classes in its package too. */
    static final class OnlyOurs implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.isJar();
        }
    }

    @ArchTest
    static final ArchRule packagesUseOnlyThoseBelowThem = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .ensureAllClassesAreContainedInArchitecture()
            .layer("multilang").definedBy("software.amazon.kinesis.multilang")
            .layer("kcl").definedBy("software.amazon.kinesis.multilang.config", "software.amazon.kinesis.multilang.auth")
            .layer("streams").definedBy("recordprocessor.streams")
            .layer("records").definedBy("recordprocessor.records")
            .layer("startup").definedBy("recordprocessor.startup")
            .layer("failover").definedBy("recordprocessor.failover")
            .layer("kclpatches").definedBy("recordprocessor.kclpatches")
            .layer("process").definedBy("recordprocessor.process")
            .layer("fence").definedBy("recordprocessor.fence")
            .layer("report").definedBy("recordprocessor.report")
            .layer("config").definedBy("recordprocessor.config")
            .layer("logging").definedBy("recordprocessor.logging")
            .layer("timers").definedBy("recordprocessor")
            .whereLayer("multilang").mayNotBeAccessedByAnyLayer()
            .whereLayer("kcl").mayOnlyBeAccessedByLayers("multilang", "streams")
            .whereLayer("streams").mayOnlyBeAccessedByLayers("multilang")
            .whereLayer("records").mayOnlyBeAccessedByLayers("streams")
            .whereLayer("startup").mayOnlyBeAccessedByLayers("multilang")
            .whereLayer("failover").mayOnlyBeAccessedByLayers("multilang")
            .whereLayer("process").mayOnlyBeAccessedByLayers("multilang")
            .whereLayer("kclpatches").mayOnlyBeAccessedByLayers("multilang", "streams", "startup", "failover")
            .whereLayer("fence").mayOnlyBeAccessedByLayers("multilang", "kclpatches")
            .whereLayer("report").mayOnlyBeAccessedByLayers("multilang")
            .whereLayer("config").mayOnlyBeAccessedByLayers("multilang", "streams")
            .whereLayer("logging").mayOnlyBeAccessedByLayers("multilang", "fence", "kclpatches")
            .whereLayer("timers").mayOnlyBeAccessedByLayers("multilang", "failover", "kclpatches", "fence", "report");

    @ArchTest
    static final ArchRule whatIsPrivateInKclIsReachedByPatchesOnly = noClasses()
            .that().resideOutsideOfPackage("recordprocessor.kclpatches")
            .should().callMethod(AccessibleObject.class, "setAccessible", boolean.class)
            .orShould().callMethod(Field.class, "setAccessible", boolean.class)
            .orShould().callMethod(Method.class, "setAccessible", boolean.class);

    @ArchTest
    static final ArchRule periodicWorkGoesThroughTimers = noClasses()
            .that().doNotHaveFullyQualifiedName(Timers.class.getName())
            .should().dependOnClassesThat().areAssignableTo(ScheduledExecutorService.class)
            .orShould().dependOnClassesThat().areAssignableTo(Timer.class);
}
