//! Connections as pairs of FIFO streams of frames with sizes (TCP).
