package recordprocessor.classpath;

/**
 * From a class to another, or to a field or method of it.
 *
 * @param owner the other class, in the JVM's form
 * @param member name and descriptor; empty for the class itself
 */
record Reference(String owner, String member) {
    @Override
    public String toString() {
        return member.isEmpty() ? owner : owner + "." + member;
    }
}
