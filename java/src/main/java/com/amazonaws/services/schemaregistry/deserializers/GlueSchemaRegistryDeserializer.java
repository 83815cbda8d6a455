package com.amazonaws.services.schemaregistry.deserializers;

/**
 * In the place of the one in Glue's schema registry, which is not on the class path.
 *
 * <p>A setter of KCL's RetrievalConfig takes one, and KCL looks its setters up by reflection, which fails where the class
 * of any is not there. Nobody makes one: records of DynamoDB Streams have no schemas. The real one would bring Kafka,
 * Avro, Kotlin and Scala.
 */
public interface GlueSchemaRegistryDeserializer {}
