//! Sizes that AWS sets, in bytes ("Lambda quotas"; error texts recorded from AWS).

/// A request of a synchronous invocation.
pub(crate) const SYNCHRONOUS_PAYLOAD: usize = 6_291_456;

/// A request of an asynchronous invocation.
pub(crate) const EVENT_PAYLOAD: usize = 1_048_576;

/// A function's answer, as AWS's error prints it.
pub(crate) const RESPONSE: usize = 6_291_556;

/// A streamed answer.
pub(crate) const STREAMED_RESPONSE: usize = 209_715_200;

/// What of a streamed answer goes as fast as it can.
pub(crate) const UNPACED_RESPONSE: usize = 6_291_456;

/// The pace of the rest.
pub(crate) const STREAMED_BYTES_PER_SECOND: usize = 2_097_152;

/// CreateFunction as a whole: no request is longer.
pub(crate) const REQUEST: usize = 70_167_211;

/// A deployment package as it is uploaded.
pub(crate) const ZIPPED_CODE: usize = 52_428_800;

/// A deployment package as it is unpacked.
pub(crate) const UNZIPPED_CODE: u64 = 262_144_000;
