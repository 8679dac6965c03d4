package dev.pollux.bench;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.util.List;
import java.util.Map;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Charts of one look. A title says what is to be seen, the axes say what in, the legend says who.
 */
final class Charts {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 520;
    private static final Color GRID = new Color(0xE4E4E4);
    private static final Color TEXT = new Color(0x333333);

    /** Told apart by who cannot tell red from green, too (Okabe and Ito). */
    private static final List<Color> COLORS =
            List.of(
                    new Color(0x0072B2),
                    new Color(0xE69F00),
                    new Color(0x009E73),
                    new Color(0xD55E00),
                    new Color(0xCC79A7),
                    new Color(0x56B4E9),
                    new Color(0x000000),
                    new Color(0x8C6D31),
                    new Color(0x7F7F7F),
                    new Color(0x6A51A3));

    /** A line for each series, over a logarithmic x axis. */
    static XYChart lines(String title, String x, String y, boolean logarithmicY) {
        XYChart chart =
                new XYChartBuilder()
                        .width(WIDTH)
                        .height(HEIGHT)
                        .title(title)
                        .xAxisTitle(x)
                        .yAxisTitle(y)
                        .build();
        style(chart.getStyler());
        chart.getStyler().setXAxisLogarithmic(true);
        chart.getStyler().setYAxisLogarithmic(logarithmicY);
        chart.getStyler().setMarkerSize(7);
        return chart;
    }

    static void line(XYChart chart, String name, Map<? extends Number, Double> points) {
        var xs = List.copyOf(points.keySet());
        var series =
                chart.addSeries(
                        name,
                        xs.stream().mapToDouble(Number::doubleValue).toArray(),
                        xs.stream().mapToDouble(points::get).toArray());
        series.setMarker(SeriesMarkers.CIRCLE);
        series.setLineStyle(new BasicStroke(2.5f));
    }

    /** Bars in groups: a group for each category, a bar in it for each series. */
    static CategoryChart bars(String title, String x, String y) {
        CategoryChart chart =
                new CategoryChartBuilder()
                        .width(WIDTH)
                        .height(HEIGHT)
                        .title(title)
                        .xAxisTitle(x)
                        .yAxisTitle(y)
                        .build();
        style(chart.getStyler());
        chart.getStyler().setAvailableSpaceFill(0.8);
        return chart;
    }

    private static void style(AxesChartStyler styler) {
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setPlotBackgroundColor(Color.WHITE);
        styler.setPlotBorderVisible(false);
        styler.setPlotGridLinesColor(GRID);
        styler.setChartFontColor(TEXT);
        styler.setAxisTickLabelsColor(TEXT);
        styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 17));
        styler.setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14));
        styler.setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        styler.setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        styler.setLegendBorderColor(Color.WHITE);
        styler.setLegendPosition(LegendPosition.OutsideE);
        styler.setSeriesColors(COLORS.toArray(Color[]::new));
        styler.setChartPadding(14);
    }

    private Charts() {}
}
