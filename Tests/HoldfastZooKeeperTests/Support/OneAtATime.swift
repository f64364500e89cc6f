#if ZooKeeper
import Testing

/// The parent of suites that let real time pass: beside others, on few cores, a time-out would mean nothing.
@Suite(.serialized) enum OneAtATime {}
#endif
