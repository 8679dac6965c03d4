/* The chart of IoModels; not an example of its own. */
package models;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.style.Styler;

/** CPU time, while a message is served and while none comes, as a PNG file. */
final class ModelChart {
    private static final int WIDTH = 1000;
    private static final int HEIGHT = 420;
    private static final double LEAST = 0.1; // where the axes begin: a logarithm has no 0

    private ModelChart() {}

    /** Two panels, logarithmic, a group of bars for each model. */
    static void save(List<Row> rows, Path file) throws IOException {
        var served = panel("CPU time of one message", "µs", rows, Row::cpuMicrosPerMessage);
        var silent =
                panel(
                        "CPU time while all connections are silent",
                        "ms a second",
                        rows,
                        row -> row.waiting().cpuMillis());
        try (var out = Files.newOutputStream(file)) {
            var format = BitmapEncoder.BitmapFormat.PNG;
            BitmapEncoder.saveBitmap(List.of(served, silent), 2, 1, out, format);
        }
    }

    private static CategoryChart panel(
            String title, String unit, List<Row> rows, ToDoubleFunction<Row> value) {
        CategoryChart chart =
                new CategoryChartBuilder()
                        .width(WIDTH)
                        .height(HEIGHT)
                        .title(title)
                        .yAxisTitle(unit)
                        .build();
        chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideE);
        chart.getStyler().setYAxisLogarithmic(true);
        chart.getStyler().setYAxisMin(LEAST);
        chart.getStyler().setXAxisLabelRotation(20);
        List<String> models = rows.stream().map(row -> row.model().title).distinct().toList();
        rows.stream()
                .mapToInt(Row::connections)
                .distinct()
                .forEach(
                        connections -> {
                            List<Double> values =
                                    rows.stream()
                                            .filter(row -> row.connections() == connections)
                                            .map(row -> Math.max(LEAST, value.applyAsDouble(row)))
                                            .toList();
                            String name = String.format(Locale.ROOT, "%,d open", connections);
                            chart.addSeries(name, models, values);
                        });
        return chart;
    }
}
