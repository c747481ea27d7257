export { NotInTime, SimulatorRefused, SimulatorUnreachable } from "./calls.js";
export type * from "./documents.js";
export { start, type StartOptions } from "./process.js";
export { Card, Clock, type ConnectOptions, Faults, Phone, ThreeDS, Transaction } from "./simulator.js";
