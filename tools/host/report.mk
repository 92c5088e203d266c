# tools/host: what the pages of ./ritevisor report have of uPlot's.

uplot-source := $(cache)/src/uplot-$(uplot-version)
report-parts := $(addprefix $(build)/report/,uPlot.iife.min.js uPlot.min.css LICENSE)

define report-copy =
	$(call step,COPY,$@)
	@mkdir -p $(@D)
	$(Q)cp $< $@
endef

$(build)/report/LICENSE: $(uplot-source)/LICENSE
	$(report-copy)
$(build)/report/%: $(uplot-source)/dist/%
	$(report-copy)

host-programs += $(report-parts)
