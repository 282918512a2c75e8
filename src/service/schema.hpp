// The product's tables, as migrations. Released migrations never change.
#pragma once

#include <span>

#include "store/migration.hpp"

namespace isoloir {

std::span<const store::Migration> schema_migrations();

}  // namespace isoloir
