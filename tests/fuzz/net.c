/*
 * tests/fuzz/net.c: the network service between a guest and a wire that the input makes up: frames of either, time, and a
 * link that comes anew. Nothing that the egress gate would refuse may come out, nor a frame that is none.
 */
#include "input.h"
#include "../unit/net_lab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length_bytes)
{
	struct input input = { data, length_bytes };
	uint32_t how = (uint32_t)input_number(&input, 1);

	lab_v6 = how & 2;
	lab_outside_v6 = how & 4;
	lab_name = (how & 9) == 9 ? "vpn.example.org:443" : NULL; /* which DHCP's name server is asked for */
	FUZZ_MUST(lab_begin(how & 1));
	while (input.left != 0) {
		uint32_t what = (uint32_t)input_number(&input, 1);
		size_t nr_bytes = (size_t)input_number(&input, 2) % (NET_FRAME_BYTES + 1);

		if (nr_bytes > input.left)
			nr_bytes = input.left;
		switch (what % 4) {
		case 0:
			lab_pass_time(nr_bytes * 100);
			break;
		case 1:
			net_link(&lab_ends[0].net);
			break;
		default:
			lab_give(0, what % 4 == 3 ? TUNNEL_WIRE : what & 128 ? TUNNEL_SCRIPT : TUNNEL_GUEST, input.bytes, nr_bytes);
			input.bytes += nr_bytes;
			input.left -= nr_bytes;
		}
		for (unsigned i = 0; i < lab_ends[0].nr_out; i++)
			FUZZ_MUST(lab_ends[0].out[i].nr_bytes >= NET_FRAME_LEAST_BYTES);
		lab_ends[0].nr_out = lab_ends[1].nr_out = 0;
	}
	FUZZ_MUST(lab_refused == NULL);
	return 0;
}
