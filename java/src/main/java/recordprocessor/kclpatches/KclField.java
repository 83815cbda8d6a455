package recordprocessor.kclpatches;

import java.lang.reflect.Field;

/**
 * A private field of one of KCL's classes, by name: the last resort if a version of KCL has no setting.
 *
 * <p>Each is a constant of the patch that uses it: a test finds all of them in the KCL that is built against, and
 * {@code tests/next_kcl} in the next one.
 */
record KclField<T>(Class<?> owner, String name) {
    /** Reads it from KCL's object, whose class may be a subclass of the owner. */
    @SuppressWarnings("unchecked")
    T get(Object object) throws ReflectiveOperationException {
        return (T) find().get(object);
    }

    void set(Object object, T value) throws ReflectiveOperationException {
        find().set(object, value);
    }

    Field find() throws NoSuchFieldException {
        Field field = owner.getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }
}
