import CHoldfastProcess

/// Nanoseconds since boot, with the time that the machine slept: one clock for all processes of a machine.
enum BootTime {
    static var now: Int64 { hf_boot_time_ns() }
}
