#pragma once
// Every limit of the program: its unit is in its name, its reason beside it. Reaching one is
// counted and shown; nothing grows beyond what stands here.
#include <cstddef>
#include <cstdint>

namespace sp3ctra::limits {

// Packets and files.
inline constexpr uint32_t kPacketBytesMax = 262'144;        // libpcap's largest snap length
inline constexpr uint32_t kReadBlockBytes = 256 * 1024;     // recycled file blocks: 1.5 x mmap here
inline constexpr uint32_t kPcapngBlockBytesMax = 16 << 20;  // a larger block is damage, not data
inline constexpr uint32_t kInterfacesPerFileMax = 4096;
inline constexpr uint32_t kSectionsPerFileMax = 65'536;    // 24 bytes each are kept
inline constexpr uint32_t kAnnotationBytesMax = 16 << 20;  // comments, names, secrets of one file
inline constexpr uint32_t kMergedFilesMax = 256;           // one open file and 320 KiB each
inline constexpr uint32_t kMergedInterfacesMax = 65'535;   // an interface number has 16 bits
inline constexpr uint64_t kSpoolRatioMax = 1000;           // unpacked : packed, against bombs
inline constexpr uint64_t kSpoolRatioFreeBytes = 16ull
                                                 << 20;  // small files may unpack at any ratio
inline constexpr uint64_t kSpoolBytesMax = 32ull << 30;  // unpacked bytes on disk for one file

// Live capture.
inline constexpr uint32_t kRingBytes = 64u << 20;      // kernel memory of all rings together
inline constexpr uint32_t kRingBytesMin = 4u << 20;    // tried last when memory is short
inline constexpr uint32_t kRingBytesMax = 256u << 20;  // locked memory; capd gives no more
inline constexpr uint32_t kRingBlockBytes = 1u << 20;  // handed over whole; holds the longest frame
inline constexpr uint32_t kRingRetireMs = 8;           // a block not full is handed over after this
inline constexpr uint32_t kLiveInterfacesMax = 16;     // of one capture: a ring and a socket each
inline constexpr uint32_t kRingAddedBytesMin = 1 << 20;      // for an interface added while it runs
inline constexpr uint32_t kRingSmallBytes = 8 << 20;         // below, rings have smaller blocks:
inline constexpr uint32_t kRingSmallBlockBytes = 256 << 10;  // still holds the longest frame
inline constexpr int64_t kDuplicateNs = 1'000'000;           // the same packet on another interface
inline constexpr uint32_t kDuplicateOriginals = 32'768;  // of the last ms: 32 M packets a second
inline constexpr uint32_t kLinkLookMs = 500;   // interfaces are looked at, also without an event
inline constexpr uint32_t kLinkRetryMs = 250;  // an interface that comes back is opened at most so
inline constexpr uint32_t kDiskLookMs = 250;   // data/captures is looked through at most so
inline constexpr uint32_t kCaptureNameBytesMax = 512;  // a capture's shown name, kept beside it
inline constexpr uint32_t kStoredCapturesMax = 4096;   // files of data/captures that are listed
inline constexpr uint32_t kCapturesOpenMax = 64;       // an index, a thread and a file each
inline constexpr uint32_t kCaptureFilterBytesMax =
    2048;                                                // libpcap's compiler is quadratic and more
inline constexpr uint32_t kCaptureFilterRangesMax = 32;  // 50 port ranges take it a second
inline constexpr uint32_t kCaptureFilterSearchMs = 150;  // to find the wrong word

// Dissection.
inline constexpr uint32_t kLayersMax = 24;         // protocol layers in one packet
inline constexpr uint32_t kTreeNodesMax = 16'384;  // nodes drawn for one packet
inline constexpr uint32_t kAnomaliesPerPacketMax = 8;
inline constexpr uint32_t kDnsNameJumpsMax = 64;
inline constexpr uint32_t kDnsRecordsMax = 1024;  // records drawn of one message
inline constexpr uint32_t kInfoBytesMax = 512;    // the one-line text of a packet

// Flows (per shard; 64 shards).
inline constexpr uint32_t kShards = 64;
inline constexpr uint32_t kFlowsPerShard = 4096;            // 262,144 live flows in all
inline constexpr uint32_t kFragmentsPerShard = 64;          // datagrams being put together
inline constexpr uint32_t kFragmentBytesMax = 65'535 + 40;  // largest datagram
inline constexpr int64_t kFragmentTimeoutNs = 30'000'000'000;
inline constexpr uint32_t kPduBytesKept = 128 * 1024;  // first bytes of a message kept whole
inline constexpr uint32_t kOutOfOrderBytesPerFlow = 1 << 20;
inline constexpr uint32_t kOutOfOrderSegmentsPerFlow = 1024;  // a direction; searched in order
inline constexpr uint32_t kStreamBytesPerShard = 8u << 20;    // all stream buffers of a shard
inline constexpr uint32_t kStateBytesMax = 4096;              // a protocol's State of one flow
inline constexpr uint32_t kNestedDatagrams = 4;      // reassembled inside one another in a packet
inline constexpr uint32_t kCheckpointPackets = 256;  // a flow is copied after as many packets
inline constexpr uint32_t kCheckpointsPerFlow = 64;
inline constexpr uint64_t kCheckpointBytes = 64ull << 20;   // all copies of one capture
inline constexpr uint32_t kCheckpointBytesMax = 64 * 1024;  // larger copies are not taken
inline constexpr uint32_t kCheckpointBatchBytes = 1 << 20;  // copies of one batch of packets

// Pipeline.
inline constexpr uint32_t kWorkersMax = 64;
inline constexpr uint32_t kBatchPackets = 256;
inline constexpr uint32_t kBatchBytes = 1u << 20;         // a stretch ends early beyond it
inline constexpr uint32_t kBatchBytesKept = 2u << 20;     // a recycled batch keeps no more
inline constexpr uint32_t kBatchesKept = 32;              // recycled ones, for each worker
inline constexpr uint32_t kWorkerQueueBatches = 256;      // a worker's, and answers waiting twice
inline constexpr uint64_t kWorkerQueueBytes = 64u << 20;  // packets waiting for all workers

// Control.
inline constexpr uint32_t kCommandsMax = 64;  // waiting in the queue: people click, nothing floods

// Index.
inline constexpr uint32_t kIndexBlockRows = 65'536;

// Query and page.
inline constexpr uint32_t kRowsPerRequestMax = 500;
inline constexpr uint32_t kJobsMax = 64;
inline constexpr uint32_t kFilterBytesMax = 4096;
inline constexpr uint32_t kFilterDepthMax = 64;
inline constexpr uint32_t kSessionsMax = 32;      // browsers logged in at once
inline constexpr uint32_t kStreamsMax = 64;       // open WebSockets
inline constexpr uint32_t kConnectionsMax = 256;  // open HTTP connections, streams among them
inline constexpr uint32_t kHttpHeaderBytesMax = 16 * 1024;
inline constexpr uint32_t kStreamMessageBytesMax = 16 * 1024;  // one message of a page
inline constexpr uint32_t kLaneWaitingMax = 128;  // calls waiting for a thread, per lane
inline constexpr uint32_t kHttpBodyBytesMax = 8u << 20;
inline constexpr uint64_t kDiskQuotaBytes = 2'000'000'000;  // captures and exports together

}  // namespace sp3ctra::limits
