package com.amazonaws.services.schemaregistry.common;

/** In the place of the one in Glue's schema registry: a type in KCL's record class, of a field that is always null. */
public final class Schema {
    private Schema() {}
}
