//! Properties over a trace while it streams: what each word of the verdict means, counted.
