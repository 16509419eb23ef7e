mod conformance;
mod crash;
mod hooked;
mod interleavings;
mod leftovers;
mod plain;
mod race;
