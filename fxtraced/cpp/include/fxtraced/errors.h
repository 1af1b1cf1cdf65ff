// What fxtraced::Predictor throws.

#pragma once

#include <stdexcept>

namespace fxtraced {

// Base of all errors below, and what `run` throws when the model itself fails.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The given tensors do not fit the feeds: the text names every unknown, missing and wrong one. (FXT301)
struct FeedError : Error {
  using Error::Error;
};

// The model was traced for other shapes: the text has the line of the model that looked at them. (FXT201)
struct GuardError : Error {
  using Error::Error;
};

// A device has not the memory that the model, a feed or an operation needs. What the call had allocated is free again.
// (FXT307)
struct OutOfMemoryError : Error {
  using Error::Error;
};

// The file is missing, is damaged, is no TorchScript archive, or was not saved by fxtraced. (FXT401)
struct ArchiveError : Error {
  using Error::Error;
};

// The archive is for another kind of device, or for float32, and the options want something else. (FXT405)
struct TargetError : Error {
  using Error::Error;
};

// The model does not give what it gave when it was saved: another device, library or precision. (FXT403)
struct SelfTestError : Error {
  using Error::Error;
};

}  // namespace fxtraced
