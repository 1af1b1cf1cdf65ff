"""The C++ client, shipped as data: headers, CMake package, example programs. Paths are in fxtraced.sysconfig."""
