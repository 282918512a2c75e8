// The lock on this folder. What it computes takes a time that depends on its input: that tells
// nothing about ballots and keys that are published, or sent to be, and everything about a voter's
// secret. So its
// headers do not compile in a target that has not said, by linking isoloir_multiexp itself, that it
// holds public data alone: today the verification, its tests and its measurements.
//
// The libraries above link the verification and inherit neither this definition nor the headers'
// consent (PRIVATE in CMakeLists.txt; cmake/public_data.cmake proves it).
#pragma once

#ifndef ISOLOIR_PUBLIC_DATA_ONLY
#error "src/multiexp works in variable time: for targets of public data alone, see public_data.hpp"
#endif
