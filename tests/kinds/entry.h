
RV_KIND(SPEAKER, .name = "speaker_tone", .class = "Speaker",
	.summary = "the guest turns the PC speaker on or off", .words = "control divisor",
	.flags = RV_KIND_WRITE,
	RV_FIELDS(RV_FIELD("control", value, RV_FIELD_READER | RV_FIELD_WRITABLE | RV_FIELD_FILTER, .last = 0xff,
			   .mask = "control_mask", .sample = 3),
		  RV_FIELD("divisor", cpuid_subleaf, RV_FIELD_READER | RV_FIELD_FILTER, .last = 0xffff,
			   .sample = 1193)))
