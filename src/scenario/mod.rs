//! The scenario language: schema, spans, variants, validation, lowering to a world, printing back.
