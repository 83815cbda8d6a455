package recordprocessor.kclpatches;

import java.lang.reflect.Field;

/**
 * Private fields of KCL's objects, by name: the last way where a version of KCL has no setting.
 *
 * <p>Whoever uses it says in a warning what stays slow where a name is not there, and goes on.
 */
public final class KclFields {
    private KclFields() {}

    @SuppressWarnings("unchecked")
    public static <T> T get(Object owner, String name) throws ReflectiveOperationException {
        return (T) field(owner.getClass(), name).get(owner);
    }

    public static void set(Object owner, String name, Object value) throws ReflectiveOperationException {
        field(owner.getClass(), name).set(owner, value);
    }

    /** A field of the class or of one above it. */
    public static Field field(Class<?> type, String name) throws NoSuchFieldException {
        for (Class<?> one = type; one != null; one = one.getSuperclass()) {
            try {
                Field field = one.getDeclaredField(name);
                field.setAccessible(true);
                return field;
            } catch (NoSuchFieldException above) {
                // perhaps its superclass has it
            }
        }
        throw new NoSuchFieldException(type.getName() + "." + name);
    }
}
