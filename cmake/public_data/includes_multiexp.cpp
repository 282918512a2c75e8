#include "multiexp/engine.hpp"
