mod conformance;
mod crash;
mod interleavings;
mod leftovers;
mod plain;
mod race;
